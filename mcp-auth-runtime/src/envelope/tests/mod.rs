mod headers;
mod json;
mod message;
mod params;
mod revisions;
pub(crate) mod same_as_rmcp;
mod support;
