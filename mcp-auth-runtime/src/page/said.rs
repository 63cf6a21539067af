//! A sentence of a page with what stands in it: translators see `*Allow:* it acts as {person}.`, people see it with the name.

use maud::{Markup, PreEscaped, html};

/// A piece of a sentence.
enum Piece<'t> {
    Text(&'t str),
    /// `*…*`, or its other end.
    Stress,
    /// `` `…` ``, or its other end.
    Code,
    /// `{name}`
    Value(&'t str),
}

/// The sentence: `*…*` is stressed, `` `…` `` is code, and `{name}` is what stands under this name. All text is escaped.
pub fn said(text: &str, values: &[(&str, &Markup)]) -> Markup {
    let (mut written, mut stressed, mut code) = (String::with_capacity(text.len()), false, false);
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => written.push_str(&html! { (text) }.into_string()),
            Piece::Stress => written.push_str(turn(&mut stressed, ["<strong>", "</strong>"])),
            Piece::Code => written.push_str(turn(&mut code, ["<code>", "</code>"])),
            Piece::Value(name) => {
                let value = values.iter().find(|(known, _)| *known == name);
                written.push_str(value.map_or("", |(_, value)| &value.0));
            }
        }
    }
    PreEscaped(written)
}

/// The same without any markup, for the title of a page. It is not escaped.
pub fn said_plainly(text: &str, values: &[(&str, &str)]) -> String {
    let plain = pieces(text).map(|piece| match piece {
        Piece::Text(text) => text,
        Piece::Stress | Piece::Code => "",
        Piece::Value(name) => values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value),
    });
    plain.collect()
}

/// The names of what stands in a sentence, in the order of the alphabet: the same in every language.
pub(crate) fn placeholders(text: &str) -> Vec<&str> {
    let names = pieces(text).filter_map(|piece| match piece {
        Piece::Value(name) => Some(name),
        Piece::Text(_) | Piece::Stress | Piece::Code => None,
    });
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}

fn turn(is_open: &mut bool, [opens, closes]: [&'static str; 2]) -> &'static str {
    *is_open = !*is_open;
    if *is_open { opens } else { closes }
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let at = rest.find(['*', '`', '{']).unwrap_or(rest.len());
        if at > 0 {
            let (piece, behind) = rest.split_at(at);
            rest = behind;
            return Some(Piece::Text(piece));
        }
        let mark = rest.chars().next()?;
        rest = rest.get(1..)?;
        match mark {
            '*' => Some(Piece::Stress),
            '`' => Some(Piece::Code),
            _ => {
                let (name, behind) = rest.split_once('}').unwrap_or((rest, ""));
                rest = behind;
                Some(Piece::Value(name))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_holds_its_values_and_its_own_text_is_escaped() {
        let person = html! { bdi { ("<ann>") } };
        assert_eq!(
            said("*Allow:* & `it` acts as {person}.", &[("person", &person)]).0,
            "<strong>Allow:</strong> &amp; <code>it</code> acts as <bdi>&lt;ann&gt;</bdi>."
        );
        assert_eq!(said("{nobody}{", &[("person", &person)]).0, "");
        assert_eq!(said_plainly("*Log in* to {server}", &[("server", "a*b{c}")]), "Log in to a*b{c}");
        assert_eq!(placeholders("{b} *{a}* {b}"), ["a", "b", "b"]);
    }
}
