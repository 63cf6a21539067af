//! `mcp-auth schema`: what it prints.

use crate::process::{mcp_auth, stdout};

#[test]
fn schema_is_the_published_file_byte_for_byte() {
    let output = mcp_auth().arg("schema").output().unwrap();
    assert!(output.status.success());
    let published = include_str!("../../../mcp.schema.json");
    assert!(stdout(&output) == published, "mcp-auth schema and mcp.schema.json differ");
    assert!(published.ends_with("}\n") && !published.ends_with("\n\n"));
}

#[test]
fn argument_that_it_does_not_take_is_refused() {
    let output = mcp_auth().args(["schema", "toml"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
}
