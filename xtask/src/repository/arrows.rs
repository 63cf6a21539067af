//! Which folder of the runtime may read which: arrows point down only. One that climbs would make two folders one.

use std::collections::BTreeSet;

use super::rust::{Read, Source};

/// The crate whose folders are looked at.
const CRATE: &str = "mcp-auth-runtime/src/";

/// Where the order is, for messages.
const ORDER_OF_FOLDERS: &str = "the order of folders, xtask/src/repository/arrows.rs";

/// Its folders, the lowest first: each reads those before it. `config` stands where it may be read from.
const ORDER: [&str; 17] = [
    "page",
    "envelope",
    "declared",
    "authn",
    "authz",
    "owned",
    "answer",
    "observe",
    "call",
    "dispatch",
    "transport",
    "gate",
    "config",
    "error",
    "serve",
    "testing",
    "facade",
];

/// Folders that only the named ones read: what a user wrote is told to the others by `serve`.
const READERS: &[(&str, &[&str])] = &[("config", &["serve", "testing", "facade"])];

/// What `config` may read: the vocabulary that a file's values are parsed into, not what acts on it.
const READS: &[(&str, &[&str])] = &[("config", &["page", "declared", "authn", "authz", "observe"])];

/// Every arrow that climbs, a line each: `file:line: what`.
pub(super) fn mistakes(sources: &[Source]) -> Vec<String> {
    House { name: CRATE, order: &ORDER }.mistakes(sources)
}

struct House<'a> {
    /// The folder of its sources, with a slash at its end.
    name: &'a str,
    order: &'a [&'a str],
}

impl House<'_> {
    fn mistakes(&self, sources: &[Source]) -> Vec<String> {
        let modules: Vec<(Vec<String>, &Source)> =
            sources.iter().filter_map(|source| Some((self.module(&source.name)?, source))).collect();
        let for_tests: BTreeSet<Vec<String>> = modules
            .iter()
            .flat_map(|(module, source)| {
                source.test_modules.iter().map(|name| [&module[..], std::slice::from_ref(name)].concat())
            })
            .collect();
        let mut wrong = BTreeSet::new();
        for (module, source) in &modules {
            if let Some(folder) = self.homeless(module) {
                wrong.insert((
                    source.name.clone(),
                    1,
                    format!("`{folder}` has no place in {ORDER_OF_FOLDERS}"),
                ));
                continue;
            }
            if (1..=module.len()).any(|end| for_tests.contains(&module[..end])) {
                continue;
            }
            for read in &source.reads {
                if let Some(mistake) = self.mistake(module, read) {
                    wrong.insert((source.name.clone(), read.line, mistake));
                }
            }
        }
        wrong.into_iter().map(|(name, line, what)| format!("{name}:{line}: {what}")).collect()
    }

    /// The module of a file: `gate/forward.rs` is `gate::forward`.
    fn module(&self, file: &str) -> Option<Vec<String>> {
        let inside = file.strip_prefix(self.name)?.strip_suffix(".rs")?;
        let mut module: Vec<String> = inside.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod" || last == "lib") {
            module.pop();
        }
        Some(module)
    }

    /// Why `module` may not read what it reads.
    fn mistake(&self, module: &[String], read: &Read) -> Option<String> {
        let target = resolved(module, read)?;
        // The root lists what there is; and what it shows of other crates belongs to no folder.
        let (from, to) = (module.first()?.as_str(), target.first()?.as_str());
        if from == to || !self.is_folder(to) {
            return None;
        }
        let allowed = |rules: &[(&str, &[&str])], of: &str, other: &str| {
            rules.iter().find(|(name, _)| *name == of).is_none_or(|(_, others)| others.contains(&other))
        };
        let place = |name: &str| self.order.iter().position(|known| *known == name);
        let target = target.join("::");
        let why = match (place(from), place(to)) {
            (Some(at), Some(above)) if at < above => {
                format!("`{from}` reads `{target}`, but `{to}` is above it; arrows point down only")
            }
            _ if !allowed(READERS, to, from) => {
                format!("`{from}` reads `{target}`, but serve alone reads `{to}`")
            }
            _ if !allowed(READS, from, to) => {
                format!("`{from}` reads `{target}`, but it holds values, and `{to}` acts on them")
            }
            _ => return None,
        };
        Some(why)
    }

    /// The folder of `module`, where it has no place.
    fn homeless<'a>(&self, module: &'a [String]) -> Option<&'a str> {
        module.first().map(String::as_str).filter(|first| !self.is_folder(first))
    }

    fn is_folder(&self, name: &str) -> bool {
        self.order.contains(&name)
    }
}

/// What `read` means from the root of the crate, if it is of the crate.
fn resolved(module: &[String], read: &Read) -> Option<Vec<String>> {
    let mut at: Vec<String> = [module, &read.inside].concat();
    match read.path.first()?.as_str() {
        "crate" => return Some(read.path[1..].to_vec()),
        "super" => {}
        _ => return None,
    }
    let climbs = read.path.iter().take_while(|name| *name == "super").count();
    at.truncate(at.len().checked_sub(climbs)?);
    at.extend_from_slice(&read.path[climbs..]);
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE_UP: House<'static> =
        House { name: "inn/src/", order: &["cellar", "kitchen", "config", "serve"] };

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            files.iter().map(|(name, text)| Source::read(name, text).unwrap()).collect();
        MADE_UP.mistakes(&sources)
    }

    #[test]
    fn an_arrow_that_points_down_is_fine_and_turned_round_it_is_refused() {
        assert!(found(&[("inn/src/kitchen/pot.rs", "use crate::cellar::wine;")]).is_empty());
        let turned = found(&[("inn/src/cellar/wine.rs", "\nuse crate::kitchen::pot;")]);
        assert_eq!(
            turned,
            [
                "inn/src/cellar/wine.rs:2: `cellar` reads `kitchen::pot`, but `kitchen` is above it; arrows point \
              down only"
            ]
        );
    }

    #[test]
    fn an_arrow_within_a_folder_or_out_of_the_crate_is_fine() {
        assert!(
            found(&[("inn/src/cellar/wine.rs", "use super::rack; use crate::cellar::rack::Rack;")])
                .is_empty()
        );
        assert!(found(&[("inn/src/cellar/wine.rs", "use kitchen::pot; use std::fmt::Write;")]).is_empty());
    }

    #[test]
    fn an_arrow_by_way_of_super_or_in_the_middle_of_code_climbs_too() {
        assert_eq!(found(&[("inn/src/cellar/wine.rs", "use super::super::kitchen::pot;")]).len(), 1);
        assert_eq!(found(&[("inn/src/cellar/mod.rs", "fn f() { super::kitchen::cook() }")]).len(), 1);
        assert_eq!(
            found(&[("inn/src/cellar/mod.rs", "mod a { fn f() { super::super::kitchen::cook() } }")]).len(),
            1
        );
        assert_eq!(
            found(&[("inn/src/cellar/wine.rs", "fn f() { info!(x = crate::kitchen::cook()) }")]).len(),
            1
        );
    }

    #[test]
    fn what_is_for_tests_may_read_anything() {
        let tests = "#[cfg(test)] mod tests { use crate::kitchen::pot; }";
        assert!(found(&[("inn/src/cellar/wine.rs", tests)]).is_empty());
        let (module, file) = ("#[cfg(test)] mod taste;", "use crate::kitchen::pot;");
        assert!(found(&[("inn/src/cellar/mod.rs", module), ("inn/src/cellar/taste.rs", file)]).is_empty());
        assert_eq!(
            found(&[("inn/src/cellar/mod.rs", "mod taste;"), ("inn/src/cellar/taste.rs", file)]).len(),
            1
        );
    }

    #[test]
    fn configuration_is_read_by_serve_alone_and_reads_vocabulary_alone() {
        assert!(found(&[("inn/src/serve/banner.rs", "use crate::config::Config;")]).is_empty());
        assert_eq!(found(&[("inn/src/kitchen/pot.rs", "use crate::config::Config;")]).len(), 1);
        assert_eq!(found(&[("inn/src/config/log.rs", "use crate::kitchen::pot;")]).len(), 1);
    }

    #[test]
    fn a_folder_without_a_place_is_refused() {
        let found = found(&[("inn/src/attic/box.rs", "")]);
        assert!(found[0].contains("`attic` has no place"), "{found:?}");
    }

    #[test]
    fn every_rule_is_about_folders_that_have_a_place() {
        for (folder, others) in READERS.iter().chain(READS) {
            for name in [folder].into_iter().chain(*others) {
                assert!(ORDER.contains(name), "{name}");
            }
        }
    }
}
