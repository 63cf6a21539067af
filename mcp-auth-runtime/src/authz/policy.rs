//! The decision: what a message names and who sends it in, a verdict out. Pure: no I/O, no lock, no clock; names were looked up
//! before. Of claims it asks only whether they fit what a method takes (`Claims<T>`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::Access;
use super::guard::{Asked, Decision, Guarded, UNDECIDED, to_ask_for};
use super::named::{Named, Part};
use super::need::{Account, Known, Lack, Need};
use super::permit::Permit;
use super::settings::{Connect, Settings, Visibility};
use super::templated::Templated;
use super::verdict::{Denied, Verdict};
use crate::authn::{Held, Identity, Principal};
use crate::declared::registry::{OperationId, Registry};
use crate::declared::{Kind, Rule};
use crate::envelope::Message;
use mcp_auth_core::{Hierarchy, LoginTerms, Scope, ScopeFamily, ScopeSet, ScopeTemplate};

/// So many bytes of scopes that calls fill are named in one answer: its headers have to pass every proxy.
const MOST_FILLED_BYTES: usize = 2048;

/// Of so many removed tools the rule is known that they had. What others left nobody reads any more.
const MOST_REMOVED: usize = 4096;

/// Everything the decision depends on besides the message and its caller. It is plain data: a holder of the `Arc` can
/// replace the whole policy at once.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The need of each operation, indexed by [`OperationId`].
    needs: Vec<Arc<Need>>,
    /// Those of tools that were added at run time.
    added: BTreeMap<OperationId, Arc<Need>>,
    /// Those of the tools that were removed last. Nothing is decided by them but who reads what such a tool left: the streams
    /// of sessions.
    removed: BTreeMap<OperationId, Arc<Need>>,
    /// Every scope that a need names.
    scopes: ScopeSet,
    /// Those and `auth.base_scopes`: of what a caller holds, a challenge names no others.
    nameable: ScopeSet,
    /// The families of the scopes that calls fill.
    families: Vec<ScopeFamily>,
    /// Whether every operation is public.
    open: bool,
    /// Which scopes count for which: what needs were made with, and what a tool may ask its caller.
    hierarchy: Arc<Hierarchy>,
    settings: Settings,
}

impl Policy {
    /// The policy of operations with these rules, in the order of their [`OperationId`]s; `hierarchy` says which scopes
    /// count for which.
    pub fn compile<'r>(
        rules: impl IntoIterator<Item = (OperationId, &'r Rule)>,
        hierarchy: &Hierarchy,
        settings: Settings,
    ) -> Self {
        let none = Self {
            needs: Vec::new(),
            added: BTreeMap::new(),
            removed: BTreeMap::new(),
            scopes: ScopeSet::new(),
            nameable: ScopeSet::new(),
            families: Vec::new(),
            open: true,
            hierarchy: Arc::new(hierarchy.clone()),
            settings,
        };
        none.of(rules)
    }

    /// The same policy of operations with these rules: of those that were there before, and others. The rule of an operation never
    /// changes.
    #[must_use]
    pub(crate) fn of<'r>(&self, rules: impl IntoIterator<Item = (OperationId, &'r Rule)>) -> Self {
        let (mut needs, mut added) = (Vec::new(), BTreeMap::new());
        for (id, rule) in rules {
            let need = self.need_at(id).cloned();
            let need =
                need.unwrap_or_else(|| Arc::new(Need::compile(rule, &self.hierarchy, &self.settings.wider)));
            match id.is_added() {
                true => drop(added.insert(id, need)),
                false => needs.push(need),
            }
        }
        let mut removed = self.removed.clone();
        let gone = self.added.iter().filter(|(id, _)| !added.contains_key(*id));
        removed.extend(gone.map(|(id, need)| (*id, Arc::clone(need))));
        while removed.len() > MOST_REMOVED {
            removed.pop_first();
        }
        let all = || needs.iter().chain(added.values());
        let scopes: ScopeSet = all().flat_map(|need| need.scopes()).cloned().collect();
        let nameable = scopes.iter().chain(&self.settings.base_scopes).cloned().collect();
        let mut families: Vec<ScopeFamily> = all().flat_map(|need| need.families()).cloned().collect();
        families.sort();
        families.dedup();
        let open = all().all(|need| need.is_public() || need.is_nobodys());
        let (hierarchy, settings) = (Arc::clone(&self.hierarchy), self.settings.clone());
        Self { needs, added, removed, scopes, nameable, families, open, hierarchy, settings }
    }

    /// Allows what `named` names to `who`, or says what is missing: everything that a challenge needs.
    pub fn decide(&self, named: &Named<'_>, who: &Identity) -> Verdict {
        if named.parts.is_empty() {
            return match (self.settings.connect, who) {
                (Connect::Authenticated, Identity::Anonymous) => Verdict::Denied(self.unauthenticated([])),
                _ => Verdict::Allowed(Permit::new(named, None, who.clone(), &self.hierarchy)),
            };
        }
        let held = who.principal().map(Principal::held);
        // With `visibility = "granted"` there is no difference between what is not there and what is hidden.
        let hides = self.settings.visibility == Visibility::Granted && held.is_some();
        let mut lacked: Option<Lack> = None;
        // The method first: of one that is hidden nothing else is said either.
        let is_method = |part: &&Part<'_>| part.kind == Kind::Method;
        let methods = named.parts.iter().filter(is_method);
        for part in methods.chain(named.parts.iter().filter(|part| !is_method(part))) {
            let need = part.id.and_then(|id| self.need_at(id));
            match need.map(|need| need.lacked_by(who)) {
                Some(None) => {}
                Some(Some(lack)) if !hides => lacked = lacked.max(Some(lack)),
                Some(Some(_)) | None => return Verdict::Denied(self.unknown(part.kind, part.name, who)),
            }
        }
        match (lacked, who.principal()) {
            (None, _) => {
                let need = self.need_of(named).cloned();
                let permit = Permit::new(named, need, who.clone(), &self.hierarchy);
                let filled = self.filling(named, held);
                let verdict = match self.asked(named, &|need| need.is_guarded()) {
                    guarded if !filled.is_empty() => {
                        let others = named.ids().filter(|id| filled.iter().all(|asked| asked.id != *id));
                        let besides = self.required(others);
                        let recorded = named.filled.clone();
                        Verdict::Templated(Templated { permit, filled, recorded, besides, guarded })
                    }
                    guarded if guarded.is_empty() => Verdict::Allowed(permit),
                    guarded => Verdict::Guarded(Guarded::new(permit, guarded)),
                };
                // What made a task was allowed by the login of then.
                let parts = named.parts.iter().filter(|part| part.kind != Kind::Task);
                self.while_recent(verdict, parts.filter_map(|part| part.id), held)
            }
            (Some(_), None) => Verdict::Denied(self.unauthenticated(named.ids())),
            (Some(_), Some(who)) => Verdict::Denied(self.lacking(named.ids(), who)),
        }
    }

    /// The same of a call of a tool that was allowed before, by the rules of now.
    pub(crate) fn decide_again(&self, permit: &Permit, registry: &Registry) -> Verdict {
        self.decide(&Named::of(permit.shared_message(), registry, |_| None), permit.identity())
    }

    /// The operations in `named` whose scopes the call fills, or filled: that of a task did when it made the task.
    fn filling(&self, named: &Named<'_>, held: Option<&Held>) -> Vec<Asked> {
        let depends = |need: &Arc<Need>| need.depends_on_call(held);
        match named.message() {
            Message::Task { .. } => {
                let task = named.parts.iter().filter(|part| part.kind == Kind::Task);
                let filling = task.filter_map(|part| {
                    let id = part.id.filter(|id| self.need_at(*id).is_some_and(depends))?;
                    Some(Asked { id, name: part.name.to_owned() })
                });
                filling.collect()
            }
            // As far as the values are chosen.
            Message::Complete { .. } => self.asked_of_all(named, &depends),
            _ => self.asked(named, &depends),
        }
    }

    /// The operations in `named` that the call itself is asked about: of what is called, read or subscribed to. What a client
    /// completes, and a task that runs, has no arguments to show.
    fn asked(&self, named: &Named<'_>, is_asked: &dyn Fn(&Arc<Need>) -> bool) -> Vec<Asked> {
        let shows_its_arguments = matches!(
            named.message(),
            Message::Tool { .. }
                | Message::Prompt { .. }
                | Message::Resource { .. }
                | Message::Subscribe { .. }
                | Message::Listen { .. }
        );
        if shows_its_arguments { self.asked_of_all(named, is_asked) } else { Vec::new() }
    }

    fn asked_of_all(&self, named: &Named<'_>, is_asked: &dyn Fn(&Arc<Need>) -> bool) -> Vec<Asked> {
        let parts = named.parts.iter().filter(|part| part.kind != Kind::Method);
        let asked = parts.filter_map(|part| {
            let id = part.id.filter(|id| self.need_at(*id).is_some_and(is_asked))?;
            Some(Asked { id, name: part.name.to_owned() })
        });
        asked.collect()
    }

    /// What comes of a guard's answer.
    ///
    /// # Errors
    /// What the caller is told who may not.
    pub(crate) fn settle(&self, guarded: Guarded, said: Decision) -> Result<Permit, Denied> {
        let held = guarded.permit.identity().principal().map(Principal::held);
        let wanted = match said {
            Decision::Allow => return Ok(guarded.permit),
            Decision::Deny(reason) => return Err(Denied::Refused { reason }),
            Decision::Need(wanted) => wanted,
        };
        let holds = |scope: &Scope| {
            held.is_some_and(|held| {
                let broader = self.hierarchy.broader_than(scope.as_str());
                held.scopes.contains(scope.as_str())
                    || broader.into_iter().any(|broader| held.scopes.contains(broader.as_str()))
            })
        };
        let required = to_ask_for(&wanted, |text| self.declares(text), holds).map_err(|why| {
            tracing::error!("a guard asks for what no client can bring, so its call is refused: {why}");
            Denied::Refused { reason: UNDECIDED.to_owned() }
        })?;
        Err(match held {
            None => Denied::Unauthenticated { scopes: self.first_challenge_of(required) },
            Some(held) => self.lacks(required, held),
        })
    }

    /// The scope of this text, if an operation declares it, or one that makes it from a call.
    fn declares(&self, text: &str) -> Option<Scope> {
        let declared = self.scopes.iter().find(|scope| scope.as_str() == text);
        let filled = || self.families.iter().any(|family| family.has(text)).then(|| text.parse().ok());
        declared.cloned().or_else(|| filled().flatten())
    }

    /// What is said to a caller who lacks some of these scopes.
    pub(super) fn lacks(&self, required: ScopeSet, held: &Held) -> Denied {
        let (is_fixed, held) = (held.is_fixed, self.nameable_of(held));
        match is_fixed {
            true => Denied::MissingScope { required, held },
            false => Denied::InsufficientScope { required, held },
        }
    }

    pub(super) fn need_at(&self, id: OperationId) -> Option<&Arc<Need>> {
        self.needs.get(id.index()).or_else(|| self.added.get(&id))
    }

    /// The same, also of a tool that was removed: what is asked of those who read what it left.
    pub(super) fn need_behind(&self, id: OperationId) -> Option<&Arc<Need>> {
        self.need_at(id).or_else(|| self.removed.get(&id))
    }

    /// Which scopes count for which.
    pub(super) fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
    }

    /// What a challenge for `named` asks for: its own scopes and `auth.base_scopes`.
    pub fn challenge_scopes(&self, named: &Named<'_>) -> ScopeSet {
        match named.parts.iter().all(|part| part.id.is_some()) {
            true => self.first_challenge(named.ids()),
            false => self.first_challenge([]),
        }
    }

    /// What is needed for what `named` calls, where a declaration says so.
    pub fn need(&self, named: &Named<'_>) -> Option<&Need> {
        self.need_of(named).map(|need| &**need)
    }

    /// The families of the scopes that calls fill.
    pub fn families(&self) -> &[ScopeFamily] {
        &self.families
    }

    /// Every scope that an operation needs, whatever is called with: `scopes_supported`.
    pub fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    /// `auth.base_scopes`: what a challenge names when the message could not be read.
    pub fn base_scopes(&self) -> &ScopeSet {
        &self.settings.base_scopes
    }

    /// Whether no operation needs a credential.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The setting `auth.connect`.
    pub fn connect(&self) -> Connect {
        self.settings.connect
    }

    /// Whether lists show the operation to `who`.
    pub fn shows(&self, id: OperationId, who: &Identity) -> bool {
        let met = || self.need_at(id).is_some_and(|need| need.is_met_by(who));
        match (who, self.settings.visibility) {
            (Identity::Known(_), Visibility::All) => true,
            (Identity::Anonymous, _) | (Identity::Known(_), Visibility::Granted) => met(),
        }
    }

    /// Whether lists show every operation to every verified caller.
    pub fn shows_all(&self) -> bool {
        self.settings.visibility == Visibility::All
    }

    /// Whether what lists show depends on who asks.
    pub fn lists_depend_on_caller(&self) -> bool {
        let mut all = self.needs.iter().chain(self.added.values());
        !self.open || (!self.shows_all() && all.any(|need| need.wants_claims()))
    }

    /// Whether `who` may use the operation `id`, as far as that does not depend on what a call fills into its scopes.
    pub fn admits(&self, id: OperationId, who: &Identity) -> bool {
        self.need_at(id).is_some_and(|need| need.is_met_by(who))
    }

    /// What `who` has of what the operation `id` needs, for those who explain a decision. `filled` says what the call makes
    /// of a scope that it fills, where there is one.
    pub fn account(
        &self,
        id: OperationId,
        who: &Identity,
        filled: impl Fn(&ScopeTemplate) -> Option<Scope>,
    ) -> Account {
        let held = who.principal().map(Principal::held);
        let filled = |template: &_| filled(template).map(|scope| Known::of(scope, &self.hierarchy));
        match self.need_at(id) {
            Some(need) => need.account(held, filled),
            None => {
                let (roles, groups, terms) = (Vec::new(), Vec::new(), LoginTerms::NONE);
                let (anyone, is_known, wants_claims) = (false, held.is_some(), false);
                Account { anyone, is_known, roles, groups, wants_claims, terms, login: None }
            }
        }
    }

    /// How a client comes to use the operation `id`: what a challenge would ask for. A guard may want a login of a caller who
    /// came without one.
    pub(crate) fn access(&self, id: OperationId) -> Option<Access> {
        let need = self.need_at(id)?;
        let without_login = need.is_public();
        let asked = match self.settings.asks_for_scopes {
            true => need.challenge().clone(),
            false => ScopeSet::new(),
        };
        let asked = asked.iter().chain(&self.settings.base_scopes).cloned().collect();
        let by_login = (!without_login || need.is_guarded()).then_some(asked);
        Some(Access { without_login, by_login })
    }

    /// What is said to `who`, who may not have what came of all of `ids`; nothing of them where they are hidden.
    pub fn denied(&self, ids: impl IntoIterator<Item = OperationId>, who: &Identity) -> Option<Denied> {
        let caller = who.principal().filter(|_| self.shows_all())?;
        let ids: Vec<_> = ids.into_iter().collect();
        // Of tools that were removed long ago nothing is known any more.
        if ids.iter().any(|id| self.need_behind(*id).is_none()) {
            return None;
        }
        let is_lacked = |id: &OperationId| self.need_behind(*id).is_none_or(|need| !need.is_met_by(who));
        let ids: Vec<_> = ids.into_iter().filter(is_lacked).collect();
        Some(match ids.is_empty() {
            // Scopes that calls filled: they are not named to a caller who did not call so.
            true => Denied::Refused {
                reason: "this needs scopes that other calls of this session had".to_owned(),
            },
            false => self.lacking(ids, caller),
        })
    }

    /// What a caller is told who lacks something of `ids`: a role first, then claims, and a person, which no other token mends.
    fn lacking(&self, ids: impl IntoIterator<Item = OperationId>, who: &Principal) -> Denied {
        let held = who.held();
        let ids: Vec<_> = ids.into_iter().collect();
        let needs = || ids.iter().filter_map(|id| self.need_behind(*id));
        if let Some(any_of) = needs().find_map(|need| need.missing_role(held)) {
            return Denied::MissingRole { any_of: any_of.to_vec() };
        }
        if let Some(unfit) = needs().find_map(|need| need.misfit(who)) {
            return Denied::UnfitClaims(unfit);
        }
        match needs().filter_map(|need| need.lacked_in(Some(held))).max() {
            Some(Lack::Login | Lack::Person) => self.lacks_login(&ids, held),
            _ => self.lacks(self.required(ids), held),
        }
    }

    /// What a caller holds who logs in again, as a challenge names it.
    pub(super) fn kept_by_login(&self, held: &Held) -> ScopeSet {
        if held.is_fixed { ScopeSet::new() } else { self.nameable_of(held) }
    }

    fn need_of(&self, named: &Named<'_>) -> Option<&Arc<Need>> {
        self.need_at(named.parts.first()?.id?)
    }

    fn required(&self, ids: impl IntoIterator<Item = OperationId>) -> ScopeSet {
        let needs = ids.into_iter().filter_map(|id| self.need_behind(id));
        needs.flat_map(|need| need.challenge()).cloned().collect()
    }

    fn nameable_of(&self, held: &Held) -> ScopeSet {
        let declared = self.nameable.in_common(&held.scopes);
        match self.families.is_empty() {
            true => declared,
            false => {
                let filled = held.scopes.iter().filter(|scope| self.is_filled(scope));
                self.to_be_named(declared.iter().chain(filled))
            }
        }
    }

    fn is_filled(&self, scope: &Scope) -> bool {
        self.families.iter().any(|family| family.has(scope.as_str()))
    }

    /// These scopes, as far as one answer names them: of those that calls fill there may be any number.
    pub(super) fn to_be_named<'s>(&self, scopes: impl IntoIterator<Item = &'s Scope>) -> ScopeSet {
        let mut room = MOST_FILLED_BYTES;
        let has_room = |scope: &&Scope| {
            let fits = !self.is_filled(scope) || scope.as_str().len() < room;
            if fits && self.is_filled(scope) {
                room -= scope.as_str().len() + 1;
            }
            fits
        };
        scopes.into_iter().filter(has_room).cloned().collect()
    }

    /// With `visibility = "granted"` the base scopes only: the others would say that the operation exists. The same where no
    /// issuer knows them.
    fn first_challenge(&self, ids: impl IntoIterator<Item = OperationId>) -> ScopeSet {
        self.first_challenge_of(self.required(ids))
    }

    fn first_challenge_of(&self, required: ScopeSet) -> ScopeSet {
        let mut scopes = match self.settings.visibility {
            Visibility::All if self.settings.asks_for_scopes => required,
            Visibility::All | Visibility::Granted => ScopeSet::new(),
        };
        scopes.extend(self.settings.base_scopes.iter().cloned());
        scopes
    }

    fn unauthenticated(&self, ids: impl IntoIterator<Item = OperationId>) -> Denied {
        Denied::Unauthenticated { scopes: self.first_challenge(ids) }
    }

    /// Before authentication a caller must not learn which operations exist: anonymous callers get the same
    /// answer for what exists and what does not, unless every operation is public.
    fn unknown(&self, kind: Kind, name: &str, who: &Identity) -> Denied {
        match who {
            Identity::Anonymous if !self.open => self.unauthenticated([]),
            _ => Denied::Unknown { kind, name: name.to_owned() },
        }
    }
}
