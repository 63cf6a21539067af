//! What an event is, and how it is declared.

use tracing::Level;

use super::field::Line;

/// One thing that happened.
pub(crate) trait Event {
    /// Its name in the field `event`.
    const NAME: &'static str;
    /// How important it is.
    const LEVEL: Level;

    /// What it says.
    #[doc(hidden)]
    fn line(&self) -> LineOf;

    /// Writes it to the log.
    fn happened(&self) {
        self.line().0.write(Self::NAME, Self::LEVEL);
    }
}

/// A line, which only this folder makes.
pub(crate) struct LineOf(pub(super) Line);

/// What the reference says of an event.
#[cfg(test)]
pub(super) struct Described {
    pub(super) type_name: &'static str,
    pub(super) name: &'static str,
    pub(super) when: &'static str,
    pub(super) level: Level,
    pub(super) fields: &'static [&'static str],
}

/// Declares events: when each happens, its name, its level, and its fields.
macro_rules! events {
    ($($(#[doc = $when:literal])+ $event:ident $(<$life:lifetime>)? = $name:literal, $level:ident { $($field:ident: $type:ty),* $(,)? })*) => {
        $(
            $(#[doc = $when])+
            pub(crate) struct $event $(<$life>)? { $(pub(crate) $field: $type,)* }

            impl $(<$life>)? crate::observe::event::Event for $event $(<$life>)? {
                const NAME: &'static str = $name;
                const LEVEL: tracing::Level = tracing::Level::$level;

                fn line(&self) -> crate::observe::event::LineOf {
                    #[allow(unused_imports, reason = "an event without fields says nothing")]
                    use crate::observe::field::{Line, Say as _};
                    crate::observe::event::LineOf(Line { $($field: self.$field.say(),)* ..Line::default() })
                }
            }
        )*

        /// The events of this file.
        #[cfg(test)]
        pub(super) const EVENTS: &[crate::observe::event::Described] = &[$(crate::observe::event::Described {
            type_name: stringify!($event),
            name: $name,
            when: concat!($($when),+),
            level: tracing::Level::$level,
            fields: &[$(stringify!($field)),*],
        },)*];
    };
}

pub(super) use events;
