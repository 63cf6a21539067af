//! Every mistake a user can make with the macros, in a file named for it, and what the compiler says of it.
//! After a change of a message: `TRYBUILD=overwrite cargo test -p mcp-auth-tests --test ui`, then read the diff.

#[test]
fn mistakes_are_reported_where_they_are() {
    let cases = trybuild::TestCases::new();
    for kind in ["server", "tool", "prompt", "resource", "method"] {
        cases.compile_fail(format!("ui/{kind}/*.rs"));
    }
    cases.pass("ui/pass/*.rs");
}
