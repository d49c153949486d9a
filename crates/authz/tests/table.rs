//! The table as a picture. Read the difference in review: it is who may do what.
//!
//! After an intended change: `KEYREEVE_UPDATE=1 cargo nextest run -p keyreeve-authz`.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fmt::Write;

use domain::Role;
use keyreeve_authz::action::Operation;
use keyreeve_authz::table::rule;

const MATRIX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/matrix.txt");

#[test]
#[expect(clippy::disallowed_methods, reason = "a developer's switch to accept a new picture")]
fn the_printed_grid_is_the_table() {
    let printed = printed();
    if std::env::var_os("KEYREEVE_UPDATE").is_some() {
        std::fs::write(MATRIX, &printed).unwrap();
    }
    let checked_in = std::fs::read_to_string(MATRIX).unwrap_or_default();
    assert!(checked_in == printed, "tests/matrix.txt is not the table any more; it should read:\n{printed}");
}

fn printed() -> String {
    let mut grid = String::from(
        "Who may do what to an object they can see. `yes` for a token means: with the scope in the second column.\n\
         `below`: partners that stand below the caller's, not its own.\n\n",
    );
    let header = ["operation", "scope", "operator", "partner", "tenant", "admin", "member+", "member", "gateway"];
    line(&mut grid, header);
    for operation in Operation::ALL {
        let rule = rule(*operation);
        let token = |may: bool| if may { "yes" } else { "-" };
        let person = |role: Role| if rule.role.is_some_and(|least| role >= least) { "yes" } else { "-" };
        line(
            &mut grid,
            [
                operation.as_str(),
                rule.scope.map_or("-", |scope| scope.as_str()),
                token(rule.operator),
                if rule.only_below { "below" } else { token(rule.partner) },
                token(rule.tenant),
                person(Role::Admin),
                person(Role::MemberPlus),
                person(Role::Member),
                rule.gateway.map_or("-", |capability| capability.as_str()),
            ],
        );
    }
    grid
}

fn line(grid: &mut String, cells: [&str; 9]) {
    let [operation, scope, rest @ ..] = cells;
    let mut row = format!("{operation:<24}{scope:<16}");
    for cell in rest {
        write!(row, "{cell:<10}").unwrap();
    }
    writeln!(grid, "{}", row.trim_end()).unwrap();
}

#[test]
fn every_operation_has_somebody_who_may_do_it() {
    for operation in Operation::ALL {
        let rule = rule(*operation);
        assert!(rule.operator || rule.role.is_some() || rule.gateway.is_some(), "{} is for nobody", operation.as_str());
    }
}
