//! What the macros leave to the protocol: progress, cancellation, questions, rounds, tasks, subscriptions,
//! completion, methods of one's own.

mod arguments;
mod asks;
mod bounds;
mod calls;
mod methods;
mod rounds;
mod schemas;
mod silence;
mod subscriptions;
mod tasks;
