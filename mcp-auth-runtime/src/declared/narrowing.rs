//! What an operator adds to a declaration. It only narrows: nobody may who might not before.

use mcp_auth_core::{LoginTerms, Role, ScopeSet};

use super::registry::{Declaration, Item, Registry};
use super::{Confirm, Rule};

/// What is added to one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Narrowing {
    /// Scopes that are needed besides, all of them.
    pub(crate) scopes: ScopeSet,
    /// Roles that are needed besides, all of them.
    pub(crate) roles: Vec<Role>,
    /// How the person must have logged in besides.
    pub(crate) login: LoginTerms,
    /// How the person confirms each call, where they do.
    pub(crate) confirm: Option<Confirm>,
    /// Whether it is switched off.
    pub(crate) disabled: bool,
    /// What lists say of it instead.
    pub(crate) description: Option<String>,
}

impl Registry {
    /// The same operations, each with what `added` says of it. Their ids stay.
    #[must_use]
    pub(crate) fn narrowed(mut self, added: impl Fn(&Declaration) -> Option<Narrowing>) -> Self {
        for id in self.iter().map(|(id, _)| id).collect::<Vec<_>>() {
            let Some(narrowing) = added(self.get(id)) else { continue };
            if narrowing.disabled {
                self.switch_off(id);
                continue;
            }
            self.change(id, |declaration| declaration.narrow(&narrowing));
        }
        self
    }
}

impl Declaration {
    /// The login that its rule and this need together; `None` where no login would do.
    pub(crate) fn login_with(&self, added: &LoginTerms) -> Option<LoginTerms> {
        let terms = self.rule.login().clone().by_any(added.acr_values().to_vec()).ok()?;
        Some(added.max_age().into_iter().fold(terms, LoginTerms::within))
    }

    fn narrow(&mut self, narrowing: &Narrowing) {
        self.rule =
            narrowing.roles.iter().fold(self.rule.clone().needing(&narrowing.scopes), |rule, role| {
                rule.for_callers().with_any_role(vec![role.clone()])
            });
        if let Some(login) = self.login_with(&narrowing.login) {
            self.rule = self.rule.clone().with_login(login);
        } else {
            self.rule = Rule::NOBODY;
        }
        if let Some(how) = narrowing.confirm {
            self.rule = self.rule.clone().confirmed(how);
            self.needs_transport = true;
        }
        let Some(text) = narrowing.description.clone() else { return };
        match &mut self.item {
            Item::Tool(tool) => tool.description = Some(text.into()),
            Item::Prompt(prompt) => prompt.description = Some(text),
            Item::Resource(resource) => resource.description = Some(text),
            Item::ResourceTemplate(template, _) => template.description = Some(text),
            Item::Method(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{JsonObject, Tool};

    use super::*;
    use crate::call::build;

    fn registry() -> Registry {
        let tool =
            |name: &'static str, rule| build::tool(rule, Tool::new_with_raw(name, None, JsonObject::new()));
        Registry::new(vec![
            tool("open", Rule::PUBLIC),
            tool("mine", Rule::AUTHENTICATED),
            tool("either", build::any_of(&[&["a"], &["b", "c"]])),
        ])
        .unwrap()
    }

    fn with(narrowing: Narrowing) -> Registry {
        registry().narrowed(|_| Some(narrowing.clone()))
    }

    #[test]
    fn scopes_and_roles_are_added_to_every_alternative() {
        let rules =
            |registry: &Registry| registry.rules().map(|(_, rule)| rule.to_string()).collect::<Vec<_>>();
        let scopes = Narrowing { scopes: ScopeSet::parse_lossy("x"), ..Narrowing::default() };
        assert_eq!(rules(&with(scopes.clone())), ["x", "x", "(a and x) or (b and c and x)"]);
        let roles = build::any_role(&["r", "s"]);
        let both = Narrowing { roles: roles.clone(), ..scopes };
        assert_eq!(rules(&with(both))[0], "x, role r, role s");
        let roles = Narrowing { roles, ..Narrowing::default() };
        assert_eq!(
            rules(&with(roles)),
            [
                "authenticated, role r, role s",
                "authenticated, role r, role s",
                "a or (b and c), role r, role s"
            ]
        );
        let login = Narrowing { login: build::login(300, &["phr"]), ..Narrowing::default() };
        assert_eq!(
            rules(&with(login)),
            [
                "authenticated, login 5m, acr phr",
                "authenticated, login 5m, acr phr",
                "a or (b and c), login 5m, acr phr"
            ]
        );
        assert_eq!(rules(&with(Narrowing::default())), rules(&registry()));
    }

    #[test]
    fn what_is_switched_off_is_not_there_and_the_others_keep_their_ids() {
        let before = registry();
        let after = registry().narrowed(|declaration| {
            (declaration.name() == "open").then(|| Narrowing { disabled: true, ..Narrowing::default() })
        });
        assert_eq!(after.tool("open"), None);
        assert_eq!(after.tool("mine"), before.tool("mine"));
        assert_eq!(after.iter().count(), 2);
        assert_eq!(
            after.rules().next().map(|(_, rule)| rule),
            Some(&Rule::NOBODY),
            "no way round the name opens it"
        );
    }

    #[test]
    fn lists_say_the_operators_words() {
        let said = with(Narrowing { description: Some("Ours.".to_owned()), ..Narrowing::default() });
        assert!(said.iter().all(|(_, declaration)| declaration.description() == Some("Ours.")));
    }
}
