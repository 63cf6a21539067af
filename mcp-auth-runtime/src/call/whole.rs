//! Whole numbers that are written with a point or an exponent. JSON Schema takes `3.0` for a whole number, serde does not.

use serde_json::{Number, Value};

/// Whether `value` holds a whole number that is written with a point or an exponent, and that an integer can hold.
pub(super) fn is_in(value: &Value) -> bool {
    match value {
        Value::Number(number) => whole(number).is_some(),
        Value::Array(items) => items.iter().any(is_in),
        Value::Object(members) => members.values().any(is_in),
        _ => false,
    }
}

/// Writes each such number without a point.
pub(super) fn write_in(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = whole(number) {
                *number = whole;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_in),
        Value::Object(members) => members.values_mut().for_each(write_in),
        _ => {}
    }
}

/// The same number without a point, where an integer of 64 bits can hold it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole and within the range"
)]
fn whole(number: &Number) -> Option<Number> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0)?;
    match float {
        ..0.0 if float >= -TWO_TO_63 => Some(Number::from(float as i64)),
        0.0.. if float < 2.0 * TWO_TO_63 => Some(Number::from(float as u64)),
        _ => None,
    }
}
