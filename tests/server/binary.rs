//! A server as its users build it, for the tests that need a process: `TEST_SERVER` says which.

use std::time::Duration;

use mcp_auth::prelude::*;
use mcp_auth_tests::everything::Everything;
use mcp_auth_tests::open::Open;

#[tokio::main]
async fn main() -> mcp_auth::Result {
    match std::env::var("TEST_SERVER").as_deref() {
        Ok("noisy") => mcp_auth::serve(Noisy).await,
        Ok("open") => mcp_auth::serve(Open).await,
        Ok("hooked") => {
            std::panic::set_hook(Box::new(|_| eprintln!("the program's own hook")));
            mcp_auth::serve(Everything::default()).await
        }
        Ok("ends") => tokio::select! {
            served = mcp_auth::serve(Open) => served,
            () = panic_after(Duration::from_millis(200)) => Ok(()),
        },
        _ => mcp_auth::serve(Everything::default()).await,
    }
}

/// Ends the program.
async fn panic_after(pause: Duration) {
    tokio::time::sleep(pause).await;
    panic!("the program ends\n ERROR forged");
}

/// Prints where only MCP belongs, and takes its time.
#[derive(Clone)]
struct Noisy;

#[server(name = "noisy")]
#[allow(clippy::print_stdout, reason = "that is what it is for")]
impl Noisy {
    /// Prints a line, half a line, and what looks like an answer.
    #[tool(public)]
    fn print(&self) -> &'static str {
        println!("printed by a tool");
        print!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{}}}}");
        "printed"
    }

    /// Blocks its thread: no shutdown can interrupt it.
    #[tool(public)]
    fn block(&self) {
        eprintln!("blocking");
        std::thread::sleep(Duration::from_secs(30));
    }

    /// Waits as long.
    #[tool(public)]
    async fn wait(&self) {
        eprintln!("waiting");
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}
