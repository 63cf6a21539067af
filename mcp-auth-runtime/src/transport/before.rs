//! A check in front of a route: a request passes it, or is refused at once.
//!
//! A layer of its own, because one of `axum::middleware::from_fn` costs each request four allocations, and every call
//! passes several.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use futures_util::future::Either;
use tower::{Layer, Service};

use crate::answer::Rejection;

/// The layer of a check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before<C>(pub(crate) C);

/// A route behind a check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behind<C, S> {
    check: C,
    route: S,
}

impl<C: Clone, S> Layer<S> for Before<C> {
    type Service = Behind<C, S>;

    fn layer(&self, route: S) -> Self::Service {
        Behind { check: self.0.clone(), route }
    }
}

impl<C, S> Service<Request> for Behind<C, S>
where
    C: Fn(&Request) -> Result<(), Rejection>,
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match (self.check)(&request) {
            Ok(()) => Either::Left(self.route.call(request)),
            Err(rejection) => Either::Right(ready(Ok(rejection.respond_early()))),
        }
    }
}
