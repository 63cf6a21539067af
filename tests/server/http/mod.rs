//! HTTP below and around the message (rows H01 to H34 of docs/src/threats.md): credentials in every place, hosts
//! and origins, methods, framing, sizes and timers. Written to the socket byte by byte, against the whole server.

mod answers;

mod bodies;
mod connections;
mod credentials;
mod heads;
mod methods;
mod places;
