//! The arguments that only `#[resource]` has.

use syn::{Expr, LitInt, LitStr, Signature};

use super::inputs::{Input, takes_arguments};
use super::template;
use crate::attr::Args;
use crate::diagnostics::Diagnostics;

/// The values that only a resource has.
pub(crate) struct Resource {
    pub(crate) uri: LitStr,
    /// The variables of its URI; empty if the URI is fixed.
    pub(crate) variables: Vec<String>,
    pub(crate) mime_type: Option<LitStr>,
    pub(crate) size: Option<LitInt>,
    pub(crate) annotations: Option<Expr>,
}

impl Resource {
    /// Takes these arguments. `None` only after a reported mistake.
    pub(super) fn take(args: &mut Args, of: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let span = args.span;
        let mime_type = args.take("mime_type").and_then(|arg| arg.string(diagnostics));
        let annotations = args.take("annotations").and_then(|arg| arg.expr(diagnostics));
        let size = args.take("size");
        let Some(uri) = args.take("uri") else {
            let message =
                format!("{of} must have a URI: `uri = \"todo://all\"` or `uri = \"todo://{{id}}\"`");
            diagnostics.error(span, message);
            return None;
        };
        let uri = uri.string(diagnostics)?;
        let variables = match template::variables(&uri.value()) {
            Ok(variables) => variables,
            Err(message) => {
                diagnostics.error_at(&uri, message);
                return None;
            }
        };
        let size = match size {
            Some(size) if !variables.is_empty() => {
                let message = "`size` is of one resource; a URI with variables names many";
                diagnostics.error(size.name.span(), message);
                None
            }
            size => size.and_then(|size| size.integer(diagnostics)),
        };
        Some(Self { uri, variables, mime_type, size, annotations })
    }

    /// Checks that every variable has its parameter, and that no parameter takes arguments: a resource does not get
    /// any.
    pub(super) fn check_inputs(
        &self,
        signature: &Signature,
        inputs: &[Input],
        diagnostics: &mut Diagnostics,
    ) {
        for variable in &self.variables {
            if !inputs.iter().any(|input| matches!(input, Input::Variable { name, .. } if name == variable)) {
                let message = format!(
                    "no parameter takes the variable `{variable}`; add one to `fn {}`, like `{variable}: String`",
                    signature.ident
                );
                diagnostics.error_at(&self.uri, message);
            }
        }
        for input in inputs {
            if let Input::FromCall(ty) = input
                && takes_arguments(ty)
            {
                let message = "a resource has no arguments; take the variables of its URI, each by its name";
                diagnostics.error_at(ty, message);
            }
        }
    }
}
