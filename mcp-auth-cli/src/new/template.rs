//! The template's files and how they are filled in: `cargo-generate.toml` says which files belong to a variant. The files are
//! in what Liquid (cargo-generate's language) and Jinja have in common, `{{ }}`, `if` and `else`; this command reads them as
//! Jinja, whose implementation is one crate and not twenty-six. A step of CI holds the results of both against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Format as _, Toml};
use include_dir::{Dir, include_dir};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, UndefinedBehavior};
use serde::Deserialize;

use super::answers::{Answers, Auth, Question, Questions};
use super::name::ProjectName;
use crate::Failure;

static FILES: Dir<'static> = include_dir!("$MCP_AUTH_TEMPLATE");

/// The settings file, which describes the template and is not copied.
const SETTINGS: &str = "cargo-generate.toml";

/// The suffix that hides a file's name from cargo, so that it does not treat the template as a package.
const LIQUID: &str = ".liquid";

/// The template that is built into this command.
pub(super) struct Template {
    pub(super) questions: Questions,
    conditional: BTreeMap<String, Conditional>,
    environment: Environment<'static>,
}

#[derive(Debug, Deserialize)]
struct Settings {
    placeholders: BTreeMap<String, Question>,
    #[serde(default)]
    conditional: BTreeMap<String, Conditional>,
}

/// The settings that apply if a condition is true.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Conditional {
    #[serde(default)]
    ignore: BTreeSet<String>,
    #[serde(default)]
    placeholders: BTreeMap<String, Question>,
}

impl Template {
    /// # Errors
    /// A template that this command does not understand: a mistake in the repository, which the tests find.
    pub(super) fn built_in() -> Result<Self, Failure> {
        let settings = FILES.get_file(SETTINGS).and_then(|file| file.contents_utf8());
        let settings = settings.ok_or_else(|| format!("the template has no {SETTINGS}"))?;
        let mut settings: Settings = Figment::from(Toml::string(settings)).extract()?;
        let mut conditional_questions = BTreeMap::new();
        for conditional in settings.conditional.values_mut() {
            conditional_questions.append(&mut conditional.placeholders);
        }
        let mut question = |name: &str| {
            let question = settings.placeholders.remove(name).or_else(|| conditional_questions.remove(name));
            question.ok_or_else(|| format!("{SETTINGS} has no placeholder {name:?}"))
        };
        let questions = Questions {
            description: question("description")?,
            auth: question("auth")?,
            transport: question("transport")?,
            sqlite: question("sqlite")?,
            login: question("login")?,
            provider: question("provider")?,
            issuer: question("issuer")?,
        };
        if let Some(unknown) = settings.placeholders.keys().chain(conditional_questions.keys()).next() {
            return Err(format!("{SETTINGS} asks for {unknown:?}, which this command does not").into());
        }
        let mut environment = Environment::new();
        environment.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build()?);
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        Ok(Self { questions, conditional: settings.conditional, environment })
    }

    /// The files of a project, by their paths in it.
    ///
    /// # Errors
    /// As [`built_in`](Self::built_in).
    pub(super) fn render(
        &self,
        name: &ProjectName,
        answers: &Answers,
        mcp_auth_path: Option<&str>,
    ) -> Result<BTreeMap<PathBuf, String>, Failure> {
        let values = values(name, answers, mcp_auth_path);
        let mut ignored = BTreeSet::from([SETTINGS]);
        for (condition, then) in &self.conditional {
            if holds(condition, &values)? {
                ignored.extend(then.ignore.iter().map(String::as_str));
            }
        }
        let mut files = BTreeMap::new();
        for file in files_of(&FILES) {
            let path = file.path().to_string_lossy().replace('\\', "/");
            let path = path.strip_suffix(LIQUID).unwrap_or(&path);
            if ignored.contains(path) {
                continue;
            }
            let text = file.contents_utf8().ok_or_else(|| format!("{path} of the template is not text"))?;
            // To Jinja a hyphen is a minus.
            let text = text.replace("{{project-name}}", "{{project_name}}");
            let rendered = self.environment.render_str(&text, &values);
            let rendered = rendered.map_err(|error| format!("{path} of the template: {error}"))?;
            files.insert(PathBuf::from(path), rendered);
        }
        Ok(files)
    }
}

fn files_of(directory: &'static Dir<'static>) -> Vec<&'static include_dir::File<'static>> {
    let below = directory.dirs().flat_map(files_of);
    directory.files().chain(below).collect()
}

type Values = BTreeMap<&'static str, Value>;

/// The values of the placeholders.
fn values(name: &ProjectName, answers: &Answers, mcp_auth_path: Option<&str>) -> Values {
    let (auth, login, provider, issuer) = match &answers.auth {
        Auth::BuiltIn(login) => ("built-in", Some(login.as_str()), None, None),
        Auth::Issuer(provider, issuer) => ("issuer", None, Some(provider), Some(issuer)),
    };
    let values = [
        ("project_name", Some(Value::from(name.as_str()))),
        ("crate_name", Some(Value::from(name.crate_name()))),
        ("description", Some(Value::from(answers.description.as_str()))),
        ("auth", Some(Value::from(auth))),
        ("transport", Some(Value::from(answers.transport.to_string()))),
        ("sqlite", Some(Value::from(answers.sqlite))),
        ("login", login.map(Value::from)),
        ("provider", provider.map(|provider| Value::from(provider.to_string()))),
        ("issuer", issuer.map(|issuer| Value::from(issuer.as_str()))),
        ("mcp_auth_path", mcp_auth_path.map(Value::from)),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Whether a condition of `cargo-generate.toml` is true: `a == "b"`, `a != "b"`, `a` or `!a`, joined by `&&`.
fn holds(condition: &str, values: &Values) -> Result<bool, String> {
    let unknown = || format!("{SETTINGS} has a condition this command does not know: {condition}");
    let value = |name: &str| values.get(name.trim()).ok_or_else(unknown);
    let is = |name: &str, text: &str| {
        let text = text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        Ok::<_, String>(value(name)?.as_str() == Some(text.ok_or_else(unknown)?))
    };
    let flag = |name: &str| bool::try_from(value(name)?.clone()).map_err(|_| unknown());
    for part in condition.split("&&").map(str::trim) {
        let part_holds = match (part.split_once("=="), part.split_once("!="), part.strip_prefix('!')) {
            (Some((name, text)), _, _) => is(name, text)?,
            (_, Some((name, text)), _) => !is(name, text)?,
            (_, _, Some(name)) => !flag(name)?,
            _ => flag(part)?,
        };
        if !part_holds {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::LazyLock;

    use mcp_auth_runtime::config::provider::ProviderName;

    use super::super::answers::{LoginAt, Transport};
    use super::*;

    type Files = BTreeMap<PathBuf, String>;

    /// Every variant, rendered once for all tests.
    static VARIANTS: LazyLock<Vec<(Answers, Files)>> = LazyLock::new(|| {
        let rendered = variants().into_iter().map(|answers| (answers.clone(), render(&answers, None)));
        rendered.collect()
    });

    fn variants() -> Vec<Answers> {
        let issuer = || Auth::Issuer("oidc".parse().unwrap(), "https://id.example.com/".to_owned());
        let logins = <LoginAt as clap::ValueEnum>::value_variants().iter();
        let mut variants = Vec::new();
        for auth in logins.map(|login| Auth::BuiltIn(*login)).chain([issuer()]) {
            for transport in [Transport::Http, Transport::Stdio] {
                for sqlite in [false, true] {
                    let (description, auth) = ("Said once.".to_owned(), auth.clone());
                    variants.push(Answers { description, auth, transport, sqlite });
                }
            }
        }
        variants
    }

    fn render(answers: &Answers, mcp_auth_path: Option<&str>) -> Files {
        let name = "my-server".parse().unwrap();
        Template::built_in().unwrap().render(&name, answers, mcp_auth_path).unwrap()
    }

    fn file<'a>(files: &'a Files, path: &str) -> &'a str {
        files.get(Path::new(path)).unwrap_or_else(|| panic!("no {path}"))
    }

    #[test]
    fn cargo_generate_asks_for_every_provider_that_there_is() {
        let settings = FILES.get_file(SETTINGS).and_then(|file| file.contents_utf8()).unwrap();
        let settings: Settings = Figment::from(Toml::string(settings)).extract().unwrap();
        let asked = settings.conditional.values().find_map(|then| then.placeholders.get("provider")).unwrap();
        let known: Vec<String> = ProviderName::all().map(|name| name.to_string()).collect();
        assert_eq!(asked.choices, known);
    }

    #[test]
    fn no_variant_keeps_a_trace_of_the_template() {
        for (answers, files) in VARIANTS.iter() {
            for (path, text) in files {
                let shown = path.display();
                assert!(!text.contains("{%") && !text.contains("{{"), "{answers:?} {shown}\n{text}");
                assert!(
                    !text.starts_with('\n') && text.ends_with('\n') && !text.ends_with("\n\n"),
                    "{shown}"
                );
                assert!(!text.contains("\n\n\n"), "{answers:?} {shown}\n{text}");
                assert!(!text.lines().any(|line| line.ends_with(' ')), "{answers:?} {shown}\n{text}");
                assert!(!shown.to_string().ends_with(LIQUID) && path != Path::new(SETTINGS));
            }
        }
    }

    #[test]
    fn every_variant_has_what_a_stranger_looks_for() {
        for (answers, files) in VARIANTS.iter() {
            for path in [
                ".cursor/mcp.json",
                ".dockerignore",
                ".gitignore",
                ".mcp.json",
                ".vscode/mcp.json",
                "Cargo.toml",
                "Dockerfile",
                "README.md",
                "mcp.production.toml",
                "mcp.toml",
                "src/lib.rs",
                "src/main.rs",
                "src/notes.rs",
                "src/store.rs",
                "tests/over_http.rs",
            ] {
                file(files, path);
            }
            let over_stdio = files.contains_key(Path::new("tests/over_stdio.rs"));
            assert_eq!(over_stdio, answers.transport == Transport::Stdio);
            for config in [".mcp.json", ".vscode/mcp.json", ".cursor/mcp.json"] {
                serde_json::from_str::<serde_json::Value>(file(files, config)).unwrap();
            }
        }
    }

    #[test]
    fn the_built_in_issuer_is_in_its_variants_only() {
        for (answers, files) in VARIANTS.iter() {
            let built_in = matches!(answers.auth, Auth::BuiltIn(_));
            assert_eq!(file(files, "Cargo.toml").contains("mcp-auth/issuer"), built_in);
            assert_eq!(file(files, "mcp.toml").contains("[issuer]"), built_in);
            assert_eq!(file(files, "mcp.toml").contains("issuer   = \"https://id.example.com/\""), !built_in);
            assert_eq!(file(files, "Dockerfile").contains("--no-default-features"), built_in);
        }
    }

    #[test]
    fn sqlite_is_in_sqlite_variants_only() {
        for (answers, files) in VARIANTS.iter() {
            for (path, text) in files {
                let mentions = ["rusqlite", "NOTES_DB", "notes.db"].iter().any(|word| text.contains(word));
                assert!(answers.sqlite || !mentions, "{answers:?} {}\n{text}", path.display());
            }
            assert_eq!(file(files, "Cargo.toml").contains("rusqlite"), answers.sqlite);
        }
    }

    #[test]
    fn mcp_auth_comes_from_the_repository_or_from_a_checkout() {
        for (answers, from_git) in VARIANTS.iter() {
            let dependency = "mcp-auth = { git = \"https://github.com/mcp-auth/mcp-auth\"";
            assert_eq!(file(from_git, "Cargo.toml").matches(dependency).count(), 2);
            let from_checkout = render(answers, Some("../mcp-auth"));
            assert!(!file(&from_checkout, "Cargo.toml").contains("git = "));
            let dependency = "mcp-auth = { path = \"../mcp-auth\"";
            assert_eq!(file(&from_checkout, "Cargo.toml").matches(dependency).count(), 2);
            assert!(file(&from_checkout, "Dockerfile").contains("COPY --from=mcp-auth"));
        }
    }

    #[test]
    fn each_configuration_is_one_the_runtime_reads() {
        for (_, files) in VARIANTS.iter() {
            let development = || mcp_auth::Config::builder().toml(file(files, "mcp.toml"));
            development().build().unwrap();
            development().toml(file(files, "mcp.production.toml")).build().unwrap();
        }
    }

    /// What stands in the way of a start for others, as `mcp.production.toml` is, with this replaced in it.
    fn not_started(login: LoginAt, changes: &[(&str, &str)]) -> String {
        let (description, auth) = ("Said once.".to_owned(), Auth::BuiltIn(login));
        let files = render(&Answers { description, auth, transport: Transport::Http, sqlite: false }, None);
        let production = file(&files, "mcp.production.toml");
        // What MCP_SERVER__PUBLIC_URL says.
        let url = ("listen    = ", "public_url = \"https://notes.example.com/mcp\"\nlisten    = ");
        let production = changes.iter().chain([&url]).fold(production.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{login:?}: {from} in {text}");
            text.replace(from, to)
        });
        let process = mcp_auth_runtime::config::ProcessContext::empty()
            .variable("LOGIN_SECRET", "s3cret")
            .variable("STORE_KEY", "5a".repeat(32));
        let config = mcp_auth::Config::builder().process(process);
        let config = config.toml(file(&files, "mcp.toml")).toml(&production).build().unwrap();
        config.check_alone().err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn with_a_login_at_a_provider_it_does_not_start_before_it_says_who_is_let_in_and_then_it_does() {
        let proxies = ("#trusted_proxies", "trusted_proxies");
        let allow = ("#allow ", "allow ");
        let entra = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0";
        let cognito = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE00";
        for (login, issuer) in [
            (LoginAt::Google, None),
            (LoginAt::Github, None),
            (LoginAt::Entra, Some(entra)),
            (LoginAt::Cognito, Some(cognito)),
            (LoginAt::Okta, Some("https://example.okta.com")),
            (LoginAt::Other, Some("https://login.example.com")),
        ] {
            let issuer = issuer.map(|issuer| {
                [("#issuer ", "issuer "), ("https://login.example.com\"   #", &*format!("{issuer}\"   #"))]
                    .map(|(from, to)| (from.to_owned(), to.to_owned()))
            });
            let issuer: Vec<_> = issuer.iter().flatten().map(|(from, to)| (&**from, &**to)).collect();
            let nobody = not_started(login, &[&issuer[..], &[proxies]].concat());
            assert!(nobody.contains("nobody is let in: write allow = "), "{login:?}: {nobody}");
            assert!(nobody.contains("allow"), "{login:?}: {nobody}");
            if !issuer.is_empty() {
                let where_from = not_started(login, &[proxies, allow]);
                assert!(where_from.contains("issuer is missing"), "{login:?}: {where_from}");
            }
            let started = not_started(login, &[&issuer[..], &[proxies, allow]].concat());
            assert_eq!(started, "", "{login:?}");
        }
    }

    #[test]
    fn conditions_are_understood_or_refused() {
        let answers = variants().remove(0);
        let values = values(&"a".parse().unwrap(), &answers, None);
        for (condition, expected) in [
            ("auth == \"built-in\"", true),
            ("auth != \"built-in\"", false),
            ("sqlite", false),
            ("!sqlite", true),
            ("auth == \"built-in\" && !sqlite", true),
            ("auth == \"built-in\" && sqlite", false),
        ] {
            assert_eq!(holds(condition, &values), Ok(expected), "{condition}");
        }
        for unknown in ["colour == \"red\"", "auth == built-in", "auth", "sqlite || auth == \"issuer\"", ""] {
            assert!(holds(unknown, &values).is_err(), "{unknown}");
        }
    }
}
