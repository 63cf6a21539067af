//! The revisions of MCP, and the two eras they fall into. A revision is a date, so revisions compare as text.

/// The revisions that the server knows, oldest first. 2024-11-05 is served over stdio only, because its HTTP
/// transport is a different one.
pub const KNOWN: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

/// What a revision requires around each message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Era {
    /// Before 2026-07-28: `initialize` first, then a session.
    Sessions,
    /// From 2026-07-28: every message is independent and names its revision in `_meta` and headers.
    Stateless,
}

impl Era {
    /// The era of the revision that a message names. A message without a revision belongs to the older era: since
    /// 2026-07-28 each message has to name one.
    ///
    /// - Shape: any bytes; text that is not a revision is compared as text too.
    ///
    /// # Example
    /// ```
    /// use mcp_auth_core::Era;
    /// assert_eq!(Era::of(Some("2025-11-25")), Era::Sessions);
    /// assert_eq!(Era::of(Some("2026-07-28")), Era::Stateless);
    /// assert_eq!(Era::of(None::<&str>), Era::Sessions);
    /// ```
    pub fn of(named: Option<impl AsRef<[u8]>>) -> Self {
        match named {
            Some(revision) if revision.as_ref() >= Self::Stateless.latest().as_bytes() => Self::Stateless,
            Some(_) | None => Self::Sessions,
        }
    }

    /// The newest revision of this era.
    pub const fn latest(self) -> &'static str {
        match self {
            Self::Sessions => "2025-11-25",
            Self::Stateless => "2026-07-28",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_revisions_are_in_order_and_fall_into_their_eras() {
        assert!(KNOWN.is_sorted());
        for revision in KNOWN {
            let era = if revision == "2026-07-28" { Era::Stateless } else { Era::Sessions };
            assert_eq!(Era::of(Some(revision)), era, "{revision}");
            assert!(revision <= era.latest(), "{revision}");
        }
        for era in [Era::Sessions, Era::Stateless] {
            assert!(KNOWN.contains(&era.latest()));
            assert_eq!(Era::of(Some(era.latest())), era);
        }
    }

    #[test]
    fn what_is_not_a_revision_falls_where_it_sorts() {
        for (text, era) in [
            ("", Era::Sessions),
            ("1900-01-01", Era::Sessions),
            ("2026-07-27", Era::Sessions),
            ("2026-07-2", Era::Sessions),
            (" 2026-07-28", Era::Sessions),
            ("2026-07-28 ", Era::Stateless),
            ("9999-12-31", Era::Stateless),
            ("latest", Era::Stateless),
        ] {
            assert_eq!(Era::of(Some(text)), era, "{text:?}");
        }
        assert_eq!(Era::of(Some(b"\xff".as_slice())), Era::Stateless);
    }
}
