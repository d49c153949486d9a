# Makes a cluster in DIRECTORY, prints "ready PORT", and keeps it for as long as standard input stays open. From there it is
# told to `crash` and to `start` the server, and says `done`.
# Arguments: BINARIES DIRECTORY PORT... (ports to try, in this order)
binaries=$1 directory=$2
shift 2

end() {
    "$binaries/pg_ctl" stop -s -m immediate -D "$directory/data" >/dev/null 2>&1 || true
    rm -rf "$directory" 2>/dev/null
}
trap end EXIT
trap 'exit 1' HUP INT TERM

fail() {
    grep -E 'FATAL|PANIC|[Ee]rror:' "$directory/log" | tail -n 3 || tail -n 5 "$directory/log"
    exit 1
}

# The files need no syncing yet, nobody has been promised anything. Small segments: most clusters write little.
"$binaries/initdb" -D "$directory/data" -U postgres -A trust -E UTF8 --locale=C --wal-segsize=4 -N \
    >"$directory/log" 2>&1 </dev/null || fail

# As durable as in production: a server that would lose acknowledged writes is one the product refuses.
cat >>"$directory/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$directory'
fsync = on
full_page_writes = on
synchronous_commit = on
max_connections = 200
shared_buffers = 64MB
min_wal_size = 16MB
max_wal_size = 256MB
timezone = 'UTC'
log_timezone = 'UTC'
END

start() {
    "$binaries/pg_ctl" start -s -w -t 30 -D "$directory/data" -l "$directory/log" -o "-p $1" \
        >/dev/null 2>&1 </dev/null
}

for port; do
    if start "$port"; then
        echo "ready $port"
        # This ends when the last holder of the other end is gone.
        while read -r order; do
            case $order in
            crash) "$binaries/pg_ctl" stop -s -m immediate -D "$directory/data" >/dev/null 2>&1 </dev/null || fail ;;
            start) start "$port" || fail ;;
            esac
            echo "done"
        done
        exit 0
    fi
done
fail
