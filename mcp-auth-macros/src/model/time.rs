//! Times as the configuration writes them.

use syn::LitStr;

use crate::diagnostics::Diagnostics;

const DAY: u64 = 86_400;

/// A whole number and `s`, `m`, `h` or `d`: 1 second to `most` seconds, which are whole days, of `what`.
pub(super) fn seconds(given: &LitStr, what: &str, most: u64, diagnostics: &mut Diagnostics) -> Option<u64> {
    let text = given.value();
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', DAY)];
    let unit = units.into_iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let time = unit.and_then(|(number, seconds)| {
        let number =
            Some(number.trim_end()).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        number?.parse::<u64>().ok()?.checked_mul(seconds)
    });
    match time {
        Some(time) if (1..=most).contains(&time) => Some(time),
        Some(_) => {
            diagnostics.error_at(given, format!("{what} is 1 second to {} days", most / DAY));
            None
        }
        None => {
            let message = "a time is a whole number and its unit, like \"30s\", \"5m\" or \"2h\"";
            diagnostics.error_at(given, message);
            None
        }
    }
}
