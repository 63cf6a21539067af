//! The people who logged in, in memory.

use std::collections::BTreeMap;

use super::store::locked;
use crate::{MemoryStore, People, Person, StoreFuture};

impl People for MemoryStore {
    fn list(&self, now: u64) -> StoreFuture<'_, Vec<Person>> {
        Box::pin(async move {
            let mut people = BTreeMap::<String, Person>::new();
            let mut person = |subject: &str, tell: &dyn Fn(&mut Person)| {
                tell(people.entry(subject.to_owned()).or_insert_with_key(|subject| Person::new(subject)));
            };
            for last in locked(&self.people).values(now) {
                person(&last.subject, &|person| person.logged_in(last.clone()));
            }
            for browser in locked(&self.browsers).values(now) {
                person(&browser.subject, &|_| {});
            }
            let issued = locked(&self.issued);
            for subject in issued.people_with_consents(now) {
                person(subject, &|_| {});
            }
            for grant in issued.all_grants(now) {
                let login = grant.authentication.login.as_deref();
                person(&grant.subject, &|person| person.granted(login, grant.last_used));
            }
            Ok(people.into_values().collect())
        })
    }

    fn forget<'a>(&'a self, subject: &'a str, _: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.people).remove(subject);
            Ok(())
        })
    }
}
