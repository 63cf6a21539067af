mod headers;
mod json;
mod message;
mod params;
mod revisions;
mod support;
