use mcp_auth::prelude::*;

struct Files;

#[server]
impl Files {
    #[tool(scope = "files:{bucket}:read")]
    async fn no_arguments(&self) {}

    #[resource(uri = "bucket://{bucket}/all", scope = "files:{bucke}:read")]
    async fn another_name(&self, bucket: String) -> String {
        bucket
    }

    #[resource(uri = "bucket://{bucket}/one", scope = "files:{bucket}:read")]
    async fn not_text(&self, bucket: u64) -> String {
        bucket.to_string()
    }

    #[resource(uri = "bucket://all", scope = "files:{bucket}:read")]
    async fn fixed(&self) -> String {
        String::new()
    }

    #[method("acme/report", scope = "files:{bucket}:read")]
    async fn report(&self) {}
}

fn main() {}
