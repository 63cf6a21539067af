//! The weight of a range in `Accept` or `Accept-Language`.

/// The whole weight, in thousandths: that of a range that says none.
pub const WHOLE_WEIGHT: u16 = 1000;

/// The weight that a parameter of a range says, in thousandths.
///
/// - Shape: `q=0.5`, `0` to `1` with at most three digits behind the point, in either case and with spaces around each part.
/// - Source: RFC 9110 §12.4.2.
///
/// `None` where the parameter is something else, or cannot be read.
///
/// # Example
/// ```
/// use mcp_auth_core::weight::weight;
/// assert_eq!(weight("q=0.5"), Some(500));
/// assert_eq!(weight("q=2"), None);
/// ```
pub fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value = value.trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(WHOLE_WEIGHT),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_read_in_thousandths_and_what_is_not_one_says_nothing() {
        for (parameter, said) in [
            ("q=1", 1000),
            ("Q=1.000", 1000),
            (" q = 0.5 ", 500),
            ("q=0.05", 50),
            ("q=0.001", 1),
            ("q=0", 0),
            ("q=0.", 0),
            ("q=0.000", 0),
        ] {
            assert_eq!(weight(parameter), Some(said), "{parameter}");
        }
        for other in
            ["", "q", "q=", "q=2", "q=1.001", "q=-1", "q=0.0000", "q=.5", "q=0,5", "level=1", "q=\"1\""]
        {
            assert_eq!(weight(other), None, "{other}");
        }
    }
}
