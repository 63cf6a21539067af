//! What a claim is asked: one type for what a token must say, must not say, and says when its subject is a program.

use serde_json::{Map, Value};

/// The largest whole number up to which every one has a floating-point number of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Where a claim is: its name, or several that lead into nested objects. A name is never split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimAt {
    /// As the configuration writes it, for messages.
    pub written: String,
    /// Each name, from the outermost; never none.
    pub names: Vec<String>,
}

/// What one claim is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimTest {
    /// It is one of these strings, booleans or whole numbers.
    OneOf(Vec<Value>),
    /// It is there and says something, or not. Null and an empty string say nothing.
    Present(bool),
    /// It is a string that starts with this.
    StartsWith(String),
    /// It is a string that ends with this.
    EndsWith(String),
}

/// Claims, and what each of them is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimTests(Vec<(ClaimAt, ClaimTest)>);

impl ClaimTests {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each claim passes.
    pub fn pass(&self, claims: &Map<String, Value>) -> bool {
        self.failing(claims).is_none()
    }

    /// The first claim that does not pass. A list passes none but `present`.
    pub(super) fn failing(&self, claims: &Map<String, Value>) -> Option<&ClaimAt> {
        self.0.iter().find(|(at, test)| !test.passes(at.find(claims))).map(|(at, _)| at)
    }

    /// Whether one of the claims passes.
    pub(in crate::authn::verifier) fn any_passes(&self, claims: &Map<String, Value>) -> bool {
        self.0.iter().any(|(at, test)| test.passes(at.find(claims)))
    }

    /// The first claim that passes, or that is a list of which one member does: what is refused hides in no list.
    pub(super) fn touching(&self, claims: &Map<String, Value>) -> Option<&ClaimAt> {
        let touches = |(at, test): &&(ClaimAt, ClaimTest)| match at.find(claims) {
            Some(Value::Array(members)) => {
                test.passes(at.find(claims)) || members.iter().any(|member| test.passes(Some(member)))
            }
            found => test.passes(found),
        };
        self.0.iter().find(touches).map(|(at, _)| at)
    }
}

impl FromIterator<(ClaimAt, ClaimTest)> for ClaimTests {
    fn from_iter<I: IntoIterator<Item = (ClaimAt, ClaimTest)>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl ClaimAt {
    /// The claim, through nested objects and nothing else: a place in a list is not a name.
    fn find<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.names.split_first()?;
        rest.iter().try_fold(claims.get(first)?, |at, name| at.as_object()?.get(name))
    }
}

impl ClaimTest {
    fn passes(&self, claim: Option<&Value>) -> bool {
        let says = |value: &Value| !value.is_null() && value.as_str() != Some("");
        match (self, claim) {
            (Self::Present(wanted), claim) => claim.is_some_and(says) == *wanted,
            (Self::OneOf(wanted), Some(claim)) => wanted.iter().any(|wanted| same(wanted, claim)),
            (Self::StartsWith(start), Some(Value::String(claim))) => claim.starts_with(start.as_str()),
            (Self::EndsWith(end), Some(Value::String(claim))) => claim.ends_with(end.as_str()),
            (Self::OneOf(_) | Self::StartsWith(_) | Self::EndsWith(_), _) => false,
        }
    }
}

/// Whether two values are the same one: numbers by what they are, however they are written (`2` and `2.0`).
fn same(wanted: &Value, claim: &Value) -> bool {
    let is_same_number = |(a, b): (f64, f64)| a == b && a.abs() < EXACT;
    wanted == claim || wanted.as_f64().zip(claim.as_f64()).is_some_and(is_same_number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(names: &[&str]) -> ClaimAt {
        ClaimAt { written: names.join("/"), names: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn tests(names: &[&str], test: ClaimTest) -> ClaimTests {
        [(at(names), test)].into_iter().collect()
    }

    fn one_of(values: &[Value]) -> ClaimTest {
        ClaimTest::OneOf(values.to_vec())
    }

    /// Whether `x` passes, must pass and is refused, in this order.
    fn verdicts(test: &ClaimTest, claims: &Value) -> (bool, bool, bool) {
        let (tests, claims) = (tests(&["x"], test.clone()), claims.as_object().unwrap());
        (tests.any_passes(claims), tests.failing(claims).is_none(), tests.touching(claims).is_some())
    }

    #[track_caller]
    fn passes(test: &ClaimTest, claims: Value) {
        assert_eq!(verdicts(test, &claims), (true, true, true), "{claims}");
    }

    #[track_caller]
    fn fails(test: &ClaimTest, claims: Value) {
        assert_eq!(verdicts(test, &claims), (false, false, false), "{claims}");
    }

    #[test]
    fn literal_is_equal_to_itself_alone() {
        let access = one_of(&[json!("access")]);
        passes(&access, json!({ "x": "access" }));
        for other in ["Access", "access ", " access", "accesss", "acces", "", "acc\u{435}ss", "access\u{0}"] {
            fails(&access, json!({ "x": other }));
        }
        for other in [json!(true), json!(1), json!(null), json!({ "access": true })] {
            fails(&access, json!({ "x": other }));
        }
        fails(&access, json!({}));
        fails(&access, json!({ "X": "access" }));
        for (wanted, others) in [
            (json!(true), [json!("true"), json!(1), json!(false)]),
            (json!(2), [json!("2"), json!(2.5), json!(-2)]),
            (json!(0), [json!(false), json!(""), json!(null)]),
        ] {
            passes(&one_of(std::slice::from_ref(&wanted)), json!({ "x": wanted }));
            for other in others {
                fails(&one_of(std::slice::from_ref(&wanted)), json!({ "x": other }));
            }
        }
    }

    #[test]
    fn number_is_the_same_however_it_is_written_and_no_other() {
        passes(&one_of(&[json!(2)]), json!({ "x": 2.0 }));
        let large = 9_007_199_254_740_993_u64;
        passes(&one_of(&[json!(large)]), json!({ "x": large }));
        fails(&one_of(&[json!(large)]), json!({ "x": large - 1 }));
        fails(&one_of(&[json!(large)]), json!({ "x": 9_007_199_254_740_992.0 }));
    }

    #[test]
    fn one_of_several_suffices() {
        let versions = one_of(&[json!("1.0"), json!("2.0"), json!(3)]);
        for one in [json!("1.0"), json!("2.0"), json!(3)] {
            passes(&versions, json!({ "x": one }));
        }
        for other in [json!("3"), json!("1"), json!(1), json!("1.0,2.0")] {
            fails(&versions, json!({ "x": other }));
        }
    }

    #[test]
    fn what_says_nothing_is_not_present() {
        let (present, absent) = (ClaimTest::Present(true), ClaimTest::Present(false));
        for something in [json!("a"), json!(0), json!(false), json!([]), json!({})] {
            passes(&present, json!({ "x": something }));
        }
        for nothing in [json!({ "x": null }), json!({ "x": "" }), json!({}), json!({ "y": 1 })] {
            fails(&present, nothing.clone());
            passes(&absent, nothing);
        }
        fails(&absent, json!({ "x": "a" }));
        fails(&absent, json!({ "x": false }));
    }

    #[test]
    fn start_and_end_are_those_of_a_string() {
        let (start, end) = (ClaimTest::StartsWith("mch_".into()), ClaimTest::EndsWith("@clients".into()));
        passes(&start, json!({ "x": "mch_1" }));
        passes(&start, json!({ "x": "mch_" }));
        passes(&end, json!({ "x": "abc@clients" }));
        for other in ["user_mch_", "MCH_1", "mch", "", "abc@clients ", "@client"] {
            fails(&start, json!({ "x": other }));
            fails(&end, json!({ "x": other }));
        }
        for other in [json!(["mch_1@clients", 5]), json!({ "mch_": 1 }), json!(5)] {
            let (any, all, _) = verdicts(&start, &json!({ "x": other }));
            assert!(!any && !all, "{other}");
        }
    }

    #[test]
    fn member_of_a_list_is_refused_and_satisfies_nothing() {
        for (test, list) in [
            (one_of(&[json!("a")]), json!(["b", "a"])),
            (one_of(&[json!(true)]), json!([true])),
            (ClaimTest::StartsWith("a".into()), json!(["ab"])),
            (ClaimTest::EndsWith("b".into()), json!(["ab"])),
        ] {
            assert_eq!(verdicts(&test, &json!({ "x": list })), (false, false, true), "{list}");
        }
        fails(&one_of(&[json!("a")]), json!({ "x": ["b", ["a"]] }));
    }

    #[test]
    fn names_lead_through_objects_and_not_into_lists_or_dotted_names() {
        let nested = tests(&["a", "b"], one_of(&[json!(1)]));
        let passes = |claims: Value| nested.any_passes(claims.as_object().unwrap());
        assert!(passes(json!({ "a": { "b": 1 } })));
        for other in
            [json!({ "a.b": 1 }), json!({ "a/b": 1 }), json!({ "a": [{ "b": 1 }] }), json!({ "b": 1 })]
        {
            assert!(!passes(other.clone()), "{other}");
        }
        let indexed = tests(&["a", "0"], one_of(&[json!(1)]));
        assert!(!indexed.any_passes(json!({ "a": [1] }).as_object().unwrap()));
    }

    #[test]
    fn all_that_is_required_must_hold_and_one_that_is_refused_suffices() {
        let both: ClaimTests =
            [(at(&["a"]), one_of(&[json!(1)])), (at(&["b"]), one_of(&[json!(2)]))].into_iter().collect();
        let claims = |value: Value| value.as_object().unwrap().clone();
        let one = claims(json!({ "a": 1, "b": 3 }));
        assert_eq!(both.failing(&one).map(|at| &*at.written), Some("b"));
        assert_eq!(both.touching(&one).map(|at| &*at.written), Some("a"));
        assert!(both.failing(&claims(json!({ "a": 1, "b": 2 }))).is_none());
        let none = ClaimTests::default();
        assert!(none.is_empty() && none.failing(&one).is_none() && none.touching(&one).is_none());
        assert!(!none.any_passes(&one));
    }
}
