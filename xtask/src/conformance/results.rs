//! What the suite wrote, and what it was expected to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::interop::record::settle;

/// How many checks of a scenario passed, and how many did not. What only informs or was skipped counts for neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Count {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

impl Count {
    /// The count of a `checks.json`; `None` where it has another shape.
    fn of(checks: &Value) -> Option<Self> {
        let mut count = Self::default();
        for check in checks.as_array()? {
            match check["status"].as_str()? {
                "SUCCESS" => count.passed += 1,
                "INFO" | "SKIPPED" => {}
                // FAILURE and WARNING, and every other status that is not success.
                _ => count.failed += 1,
            }
        }
        Some(count)
    }

    /// Whether no check failed and at least one passed. For all other scenarios the exceptions must give a reason.
    fn is_good(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.passed, self.passed + self.failed)
    }
}

/// One run: what each scenario came to.
#[derive(Debug)]
pub(super) struct Measured {
    /// Revision, and whether with tokens.
    pub(super) name: String,
    pub(super) scenarios: BTreeMap<String, Count>,
}

impl Measured {
    /// Reads `<scenario>/checks.json` in the suite's output directory.
    pub(super) fn read(name: String, directory: &Path) -> Result<Self, String> {
        let mut scenarios = BTreeMap::new();
        let entries = fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        for entry in entries {
            let folder = entry.map_err(|error| format!("{}: {error}", directory.display()))?;
            let file = folder.path().join("checks.json");
            let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            let checks =
                serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
            let count = Count::of(&checks).ok_or_else(|| format!("{}: no list of checks", file.display()))?;
            let scenario = folder.file_name().to_string_lossy().into_owned();
            scenarios.insert(scenario_of(&scenario).to_owned(), count);
        }
        if scenarios.is_empty() {
            Err(format!("{name}: the suite ran no scenario"))
        } else {
            Ok(Self { name, scenarios })
        }
    }

    /// Checks passed and failed.
    pub(super) fn total(&self) -> (usize, usize) {
        let add = |(passed, failed), count: &Count| (passed + count.passed, failed + count.failed);
        self.scenarios.values().fold((0, 0), add)
    }
}

/// The checks in the suite's output directory that did not pass, each as the suite describes it.
pub(super) fn failed(directory: &Path) -> String {
    let folders = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let texts = folders.filter_map(|folder| fs::read_to_string(folder.path().join("checks.json")).ok());
    let checks = texts.filter_map(|text| serde_json::from_str::<Vec<Value>>(&text).ok()).flatten();
    let failed =
        checks.filter(|check| !matches!(check["status"].as_str(), Some("SUCCESS" | "INFO" | "SKIPPED")));
    failed.map(|check| format!("{check:#}\n")).collect()
}

/// `tools-list` of `server-tools-list-2026-11-21T01-22-48-483Z`.
fn scenario_of(folder: &str) -> &str {
    const TIME: usize = "-2026-11-21T01-22-48-483Z".len();
    let name = ["authorization-server-", "server-"].iter().find_map(|kind| folder.strip_prefix(kind));
    let name = name.unwrap_or(folder);
    name.len().checked_sub(TIME).and_then(|end| name.get(..end)).unwrap_or(name)
}

/// The content of `interop/conformance.json`.
pub(super) struct Expected {
    file: PathBuf,
    text: String,
    value: Value,
}

impl Expected {
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self { file: file.to_owned(), text, value })
    }

    /// What is not as expected, a line each.
    pub(super) fn differences(&self, measured: &Measured) -> Vec<String> {
        let name = &measured.name;
        let empty = Map::new();
        let expected = self.value["runs"][name].as_object().unwrap_or(&empty);
        let mut wrong = Vec::new();
        for (scenario, count) in &measured.scenarios {
            match expected.get(scenario).and_then(Value::as_str) {
                Some(expected) if *expected == count.to_string() => {}
                Some(expected) => wrong.push(format!("{name}: {scenario}: expected {expected}; got {count}")),
                None => wrong.push(format!("{name}: {scenario}: expected not to be run; got {count}")),
            }
        }
        let missing = expected.keys().filter(|scenario| !measured.scenarios.contains_key(*scenario));
        wrong.extend(missing.map(|scenario| format!("{name}: {scenario}: expected to be run, was not")));
        wrong
    }

    /// Scenarios that did not pass whole and have no exception, and exceptions nothing needs.
    pub(super) fn unexcused(&self, runs: &[&Measured]) -> Vec<String> {
        let mut wrong = Vec::new();
        let bad = |run: &&Measured, scenario: &str| {
            run.scenarios.get(scenario).is_some_and(|count| !count.is_good())
        };
        for run in runs {
            for (scenario, count) in run.scenarios.iter().filter(|(_, count)| !count.is_good()) {
                let exception = &self.value["exceptions"][scenario];
                let excused = ["reason", "upstream"].iter().all(|key| exception[key].is_string());
                if !excused {
                    let name = &run.name;
                    wrong.push(format!(
                        "{name}: {scenario}: {count}, and no exception with reason and upstream"
                    ));
                }
            }
        }
        let unused = self.exceptions().filter(|(scenario, _)| !runs.iter().any(|run| bad(run, scenario)));
        wrong.extend(unused.map(|(scenario, _)| format!("{scenario}: has an exception and passes")));
        wrong
    }

    /// Scenarios that may fail, and why.
    pub(super) fn exceptions(&self) -> impl Iterator<Item = (&str, &str)> {
        let exceptions = self.value["exceptions"].as_object().into_iter().flatten();
        exceptions
            .filter_map(|(scenario, exception)| Some((scenario.as_str(), exception["reason"].as_str()?)))
    }

    /// Writes `runs` as what is expected from now on. Exceptions are written by hand and stay.
    pub(super) fn record(&self, runs: &[&Measured]) -> Result<(), String> {
        let scenarios = |run: &Measured| {
            let lines = run.scenarios.iter().map(|(name, count)| (name.clone(), json!(count.to_string())));
            Value::Object(lines.collect())
        };
        let recorded: Map<_, _> = runs.iter().map(|run| (run.name.clone(), scenarios(run))).collect();
        let value = json!({ "exceptions": self.value["exceptions"], "runs": recorded });
        settle(&self.file, &self.text, &format!("{value:#}\n"), "conformance")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(value: Value) -> Expected {
        Expected { file: PathBuf::new(), text: String::new(), value }
    }

    fn measured(scenarios: &[(&str, usize, usize)]) -> Measured {
        let counts =
            scenarios.iter().map(|&(name, passed, failed)| (name.to_owned(), Count { passed, failed }));
        Measured { name: "2026-07-28".to_owned(), scenarios: counts.collect() }
    }

    #[test]
    fn checks_are_counted_and_a_warning_is_not_a_success() {
        let of = |statuses: &[&str]| Count::of(&statuses.iter().map(|s| json!({ "status": s })).collect());
        assert_eq!(of(&["SUCCESS", "INFO", "SKIPPED", "SUCCESS"]), Some(Count { passed: 2, failed: 0 }));
        assert_eq!(of(&["SUCCESS", "WARNING", "FAILURE", "NEW"]), Some(Count { passed: 1, failed: 3 }));
        assert_eq!(Count::of(&json!({})), None);
    }

    #[test]
    fn a_scenario_is_named_without_its_time() {
        assert_eq!(scenario_of("server-tools-list-2026-11-21T01-22-48-483Z"), "tools-list");
        assert_eq!(scenario_of("server-server-stateless-2026-11-21T01-22-48-483Z"), "server-stateless");
        assert_eq!(
            scenario_of("authorization-server-authorization-code-grant-2026-11-29T23-50-48-902Z"),
            "authorization-code-grant"
        );
        assert_eq!(scenario_of("odd"), "odd");
    }

    #[test]
    fn an_expected_result_is_not_a_difference_and_every_other_one_is() {
        let expected = expected(json!({ "runs": { "2026-07-28": { "a": "2/2", "b": "1/1" } } }));
        assert!(expected.differences(&measured(&[("a", 2, 0), ("b", 1, 0)])).is_empty());
        let found = expected.differences(&measured(&[("a", 1, 1), ("c", 1, 0)]));
        assert_eq!(
            found,
            [
                "2026-07-28: a: expected 2/2; got 1/2",
                "2026-07-28: c: expected not to be run; got 1/1",
                "2026-07-28: b: expected to be run, was not",
            ]
        );
    }

    #[test]
    fn a_failure_needs_an_exception_with_reason_and_upstream() {
        let run = measured(&[("a", 1, 1), ("b", 1, 0)]);
        let with = |exceptions: Value| expected(json!({ "exceptions": exceptions })).unexcused(&[&run]);
        assert_eq!(with(json!({})).len(), 1);
        assert_eq!(with(json!({ "a": { "reason": "r" } })).len(), 1);
        assert!(with(json!({ "a": { "reason": "r", "upstream": "u" } })).is_empty());
    }

    #[test]
    fn an_exception_for_what_passes_is_one_too_many() {
        let run = measured(&[("b", 1, 0)]);
        let expected = expected(json!({ "exceptions": { "b": { "reason": "r", "upstream": "u" } } }));
        assert_eq!(expected.unexcused(&[&run]), ["b: has an exception and passes"]);
    }

    #[test]
    fn a_scenario_without_any_check_needs_an_exception() {
        let run = measured(&[("a", 0, 0)]);
        assert_eq!(expected(json!({})).unexcused(&[&run]).len(), 1);
    }
}
