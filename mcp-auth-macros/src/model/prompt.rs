//! The arguments that only `#[prompt]` has.

use syn::Expr;

use crate::attr::Args;
use crate::diagnostics::Diagnostics;

/// The values that only a prompt has.
pub(crate) struct Prompt {
    pub(crate) arguments: Option<Expr>,
}

impl Prompt {
    pub(super) fn take(args: &mut Args, diagnostics: &mut Diagnostics) -> Self {
        Self { arguments: args.take("arguments").and_then(|arg| arg.expr(diagnostics)) }
    }
}
