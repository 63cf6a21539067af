//! Which values of `aud` are meant.

/// Which values of `aud` are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aud {
    /// Exactly this one.
    Is(&'static str),
    /// Those that begin so.
    Begins(&'static str),
    /// Every name that is not a URL of the web: those name a server.
    Other,
    /// The claim is absent.
    Absent,
}

impl Aud {
    /// Whether it means this value; `None` where the claim is absent.
    pub(crate) fn means(self, aud: Option<&str>) -> bool {
        match (self, aud) {
            (Self::Is(value), Some(aud)) => value == aud,
            (Self::Begins(start), Some(aud)) => aud.starts_with(start),
            (Self::Other, Some(aud)) => !aud.starts_with("https://") && !aud.starts_with("http://"),
            (Self::Absent, None) => true,
            (Self::Absent, Some(_)) | (_, None) => false,
        }
    }

    /// Whether the value alone says whose it is.
    pub(crate) fn is_telling(self) -> bool {
        matches!(self, Self::Is(_) | Self::Begins(_))
    }
}
