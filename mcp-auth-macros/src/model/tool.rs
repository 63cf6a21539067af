//! The arguments that only `#[tool]` has.

use proc_macro2::Span;
use syn::{Expr, LitStr};

use super::time::seconds;
use crate::attr::{Arg, Args};
use crate::diagnostics::Diagnostics;

/// The values that only a tool has.
pub(crate) struct Tool {
    pub(crate) input_schema: Option<Expr>,
    pub(crate) output_schema: Option<Expr>,
    pub(crate) annotations: Annotations,
    /// How long a call may take, in seconds.
    pub(crate) timeout: Option<u64>,
    /// How the person confirms each call; where it is written.
    pub(crate) confirm: Option<(Confirm, Span)>,
    /// The provider whose API it reaches for the person who calls: its name in the configuration.
    pub(crate) upstream: Option<LitStr>,
}

/// How a person confirms a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirm {
    /// `confirm`
    InClient,
    /// `confirm = "login"`
    ByLogin,
}

/// Hints for clients (MCP `ToolAnnotations`).
#[derive(Default)]
pub(crate) struct Annotations {
    pub(crate) title: Option<LitStr>,
    /// In the order of [`HINTS`].
    pub(crate) hints: [Option<bool>; 4],
}

/// The hints by their short names; the full names end in `_hint`.
const HINTS: [&str; 4] = ["read_only", "destructive", "idempotent", "open_world"];
/// The argument names of `annotations(…)`.
const ANNOTATIONS: [&str; 5] =
    ["title", "read_only_hint", "destructive_hint", "idempotent_hint", "open_world_hint"];

impl Tool {
    pub(super) fn take(args: &mut Args, diagnostics: &mut Diagnostics) -> Self {
        let mut expr = |name| args.take(name).and_then(|arg| arg.expr(diagnostics));
        let (input_schema, output_schema) = (expr("input_schema"), expr("output_schema"));
        let timeout = args.take("timeout").and_then(|arg| arg.string(diagnostics));
        let timeout = timeout.and_then(|given| seconds(&given, "the time of a call", 604_800, diagnostics));
        let confirm = args.take("confirm").and_then(|arg| {
            let span = arg.name.span();
            Confirm::read(arg, diagnostics).map(|how| (how, span))
        });
        let upstream = args.take("upstream").and_then(|arg| arg.string(diagnostics));
        if let Some(name) = &upstream {
            check_upstream(name, diagnostics);
        }
        Self {
            input_schema,
            output_schema,
            annotations: Annotations::take(args, diagnostics),
            timeout,
            confirm,
            upstream,
        }
    }
}

impl Confirm {
    /// `confirm` or `confirm = "login"`.
    fn read(arg: Arg, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Some(word) = arg.flag_or_string(diagnostics)? else { return Some(Self::InClient) };
        match &*word.value() {
            "login" => Some(Self::ByLogin),
            other => {
                let message = format!(
                    "a call is confirmed in the client (`confirm`), or on a page after a login (`confirm = \"login\"`), not by {other:?}"
                );
                diagnostics.error(word.span(), message);
                None
            }
        }
    }
}

impl Annotations {
    fn take(args: &mut Args, diagnostics: &mut Diagnostics) -> Self {
        let mut annotations = Self::default();
        let mut full = args.take("annotations").and_then(|arg| arg.list(diagnostics));
        if let Some(full) = &mut full {
            annotations.title = full.take("title").and_then(|arg| arg.string(diagnostics));
        }
        for (at, short) in HINTS.into_iter().enumerate() {
            let long = full.as_mut().and_then(|full| full.take(ANNOTATIONS[at + 1]));
            let short = args.take(short);
            if let (Some(long), Some(short)) = (&long, &short) {
                let message = format!("`{}` and `{}` say the same; keep one", short.name, long.name);
                diagnostics.error(short.name.span(), message);
            }
            let Some(hint) = short.or(long) else { continue };
            let span = hint.name.span();
            annotations.hints[at] = hint.boolean(diagnostics);
            if annotations.hints[0] == Some(true) && at == 1 && annotations.hints[1] == Some(true) {
                diagnostics.error(span, "a tool that is `read_only` is not `destructive`; keep one");
            }
        }
        if let Some(full) = full {
            full.finish("`annotations`", &ANNOTATIONS, diagnostics);
        }
        annotations
    }

    /// Whether no hint and no title was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.title.is_none() && self.hints.iter().all(Option::is_none)
    }
}

/// Checks the name of a table of `[upstreams]`.
fn check_upstream(name: &LitStr, diagnostics: &mut Diagnostics) {
    let text = name.value();
    let is_spelled = text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if !is_spelled || !(1..=64).contains(&text.len()) {
        let message = "an upstream has the name of its table in `[upstreams]`: 1 to 64 of `A-Z a-z 0-9 _ -`";
        diagnostics.error(name.span(), message);
    }
}

/// Checks a tool name: `[A-Za-z0-9_.-]{1,128}` (MCP 2025-11-25 and later, tool names).
pub(super) fn check_name(name: &LitStr, diagnostics: &mut Diagnostics) {
    let text = name.value();
    let wrong = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "_.-".contains(*c)));
    let message = match wrong {
        Some(c) => {
            format!("a tool name cannot contain {c:?}; it is 1 to 128 of `A-Z a-z 0-9 _ . -`")
        }
        None if text.is_empty() || text.len() > 128 => {
            format!("a tool name is 1 to 128 characters long; this has {}", text.len())
        }
        None => return,
    };
    diagnostics.error(name.span(), message);
}
