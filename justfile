# `just` without arguments lists what there is.

[private]
default:
    @{{ just_executable() }} --list --unsorted

# install what building and testing need and this machine lacks
setup:
    scripts/setup

# run a server for trying out, on SQLite in ./keyreeve-data
run *arguments:
    cargo run -- serve --database sqlite:keyreeve-data/keyreeve.db --data-dir keyreeve-data {{ arguments }}

# run the tests, all or those whose name matches
test *filter:
    scripts/test {{ filter }}

# run the test of Ceph RGW, which is not among the others
test-rgw:
    scripts/test-rgw

# write openapi/openapi.json anew from the code
openapi:
    KEYREEVE_UPDATE=1 cargo nextest run -p keyreeve-api the_document_is_checked_in

# check formatting, lints, and the API document
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    scripts/lint-openapi

# check what is in deploy, each part with the program that it is for
check-deploy:
    scripts/check-deploy

# throw generated requests at a server, for so many seconds on each database
fuzz seconds="60":
    scripts/fuzz-api {{ seconds }}

# measure whether the time of an answer tells strangers anything about a key
timing rounds="100000":
    cargo run --release -p keyreeve-bench --bin timing {{ rounds }}

# run everything that takes hours, and collect its figures in target/assurance.txt
assurance:
    scripts/assurance/all

# measure what docs/benchmarks.md is about, all or some groups of it, and write the figures there
bench *groups:
    cargo build --release -p keyreeve -p keyreeve-bench -p keyreeve-testkit --bin keyreeve --bin ceiling --bin bare-insert
    cargo build --profile profiling -p keyreeve-bench -p keyreeve-testkit --bin bench --bin with-postgres
    BENCH_SERVERS=target/release target/profiling/with-postgres -- target/profiling/bench {{ groups }}

# measure what it costs that gateways follow the feed: docs/capacity.md
fanout *arguments:
    cargo build --release -p keyreeve --bin keyreeve
    cargo build --profile profiling -p keyreeve-bench -p keyreeve-testkit --bin fanout --bin with-postgres
    BENCH_SERVERS=target/release target/profiling/with-postgres -- target/profiling/fanout {{ arguments }}

# measure Debian's Keystone beside this, and write the figures there; installs it
bench-keystone:
    scripts/bench-keystone

# measure how fast Garage makes keys beside this, and write the figures there; builds it from crates.io
bench-garage:
    scripts/bench-garage

# measure the parts of a verification, each by itself
bench-micro *arguments:
    cargo bench --profile profiling -p keyreeve-bench --features micro --bench micro -- {{ arguments }}

# everything that must be green before a change is taken
ci:
    .ci/run
