//! What only a Redis server shows: several stores on it, what stands in it, and what happens when it is full, gone, slow, or another one.
//! `MCP_AUTH_TEST_REDIS` is the URL of a server that runs. A test that changes the settings of one starts `redis-server` itself.

mod changes;
mod connection;
mod contents;
mod lasting;
mod network;
mod outage;
mod processes;
mod sample;
mod server;
mod settings;
