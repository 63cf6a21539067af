//! What clients read besides the headers to find out when to show a login, held against what OpenAI documents for ChatGPT (Apps SDK,
//! authentication): `securitySchemes` of tools in lists, and `mcp/www_authenticate` of refused results.

mod results;
mod schemes;
