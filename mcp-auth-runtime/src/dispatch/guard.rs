//! The guards of a server, asked: with the arguments as the method would get them, a bounded time, and nothing of the
//! transport.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use futures_util::FutureExt as _;
use rmcp::model::{RequestId, RequestMetaObject};
use tokio::time::timeout;
use tracing::Instrument as _;

use super::rulebook::Rules;
use super::run::hold;
use super::server::Dispatch;
use crate::authz::{Asked, Decision, Guarded, Guards, UNDECIDED};
use crate::call::Call;
use crate::envelope::Message;
use crate::observe::span;
use mcp_auth_core::Era;

impl Guards for Dispatch {
    fn ask<'a>(&'a self, guarded: &'a Guarded) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        Box::pin(async move {
            // What has a guard is declared, so it is the same whatever was added or removed meanwhile.
            let rules = self.rules.now();
            let asking = async {
                for asked in guarded.asked() {
                    match self.ask_one(&rules, guarded, asked).await {
                        Decision::Allow => {}
                        other => return other,
                    }
                }
                Decision::Allow
            };
            // One time for all of them: a message may name many resources.
            timeout(self.limits.guard, asking).await.unwrap_or_else(|_| {
                tracing::error!("guards took longer than limits.guard_timeout; the call is refused");
                Decision::deny(UNDECIDED)
            })
        })
    }
}

impl Dispatch {
    async fn ask_one(&self, rules: &Rules, guarded: &Guarded, asked: &Asked) -> Decision {
        let declaration = rules.registry().get(asked.id);
        let id = RequestId::Number(0);
        let mut call =
            Call::direct(declaration.name().to_owned(), id, RequestMetaObject::default(), Era::Stateless);
        call.caller = guarded.caller();
        match guarded.message() {
            Message::Tool { arguments, .. } | Message::Prompt { arguments, .. } => {
                let arguments = arguments.clone().unwrap_or_default();
                // The very check that stands before the method: what does not fit here is answered there, and does not run.
                if hold(declaration, &mut call, arguments).is_err() {
                    return Decision::Allow;
                }
            }
            _ => {
                let found = rules.registry().resource_and_variables(&asked.name);
                call.variables = found.map(|(_, variables)| variables).unwrap_or_default();
                call.uri = Some(asked.name.clone());
            }
        }
        let span = span::of_call(&call.id, guarded.message(), guarded.identity(), None);
        let Some(asking) = self.served.guard(asked.id, call) else {
            tracing::error!(operation = declaration.name(), "a guard is declared and is not there");
            return Decision::deny(UNDECIDED);
        };
        let asking = AssertUnwindSafe(asking).catch_unwind().instrument(span);
        match asking.await {
            Ok(Ok(decision)) => decision,
            Ok(Err(error)) => {
                tracing::warn!(operation = declaration.name(), "a guard failed: {}", error.message);
                Decision::deny(error.message)
            }
            Err(_) => {
                tracing::error!(operation = declaration.name(), "a guard panicked; the call is refused");
                Decision::deny(UNDECIDED)
            }
        }
    }
}
