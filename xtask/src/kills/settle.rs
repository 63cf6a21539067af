//! What a client looks for once its server runs again.

use super::ledger::{Cut, Presented, Wrong};
use super::load::{Life, Stop, Worker, wrong};
use crate::issuer::Failure;

impl Worker {
    /// Looks for everything that was acknowledged, and tries what was used up or has ended.
    pub(super) fn settle(&mut self, life: &mut Life<'_>) -> Result<(), Stop> {
        self.person_is_logged_in(life)?;
        self.what_was_cut_off(life)?;
        self.what_has_ended(life)?;
        for _ in 0..self.ledger.codes.len() {
            self.redeem(life)?;
            self.ledger.counts.found += 1;
        }
        for _ in 0..self.ledger.grants.len() {
            // Those that are found go to the end of the list.
            let held = self.ledger.grants.remove(0);
            self.refresh(life, held)?;
            self.ledger.counts.found += 1;
        }
        self.what_was_used_up(life)
    }

    fn person_is_logged_in(&mut self, life: &mut Life<'_>) -> Result<(), Stop> {
        let Some(mut browser) = self.browser.take() else { return Ok(()) };
        let request = life.client.authorize(life.connection()?);
        if !browser.is_logged_in(life.connection()?, &request)? {
            return Err(Stop::Wrong(format!("a login {}", Wrong::Lost)));
        }
        self.ledger.counts.found += 1;
        Ok(())
    }

    /// Presents again what was cut off. It may have been done or not, but not both.
    fn what_was_cut_off(&mut self, life: &mut Life<'_>) -> Result<(), Stop> {
        while let Some(Cut { presented, repeats }) = self.ledger.cut.pop() {
            let repeats = repeats && life.repeats(&presented);
            let given = match life.ask(&presented) {
                Ok(given) => given,
                Err(failure) => return Err(self.cut(failure, presented, repeats)),
            };
            match self.ledger.keep(&presented, given, repeats) {
                Ok(Some(token)) => {
                    self.ledger.counts.cut_not_done += u64::from(!repeats);
                    self.hold(token, presented, Vec::new());
                }
                Ok(None) if repeats => return Err(wrong(&presented, Wrong::Lost)),
                Ok(None) => self.ledger.counts.cut_done += 1,
                Err(found) => return Err(wrong(&presented, found)),
            }
        }
        Ok(())
    }

    /// What was revoked, or ended by a replay, gives nothing.
    fn what_has_ended(&mut self, life: &mut Life<'_>) -> Result<(), Stop> {
        while let Some(presented) = self.ledger.ended.pop() {
            match life.ask(&presented) {
                Ok(crate::issuer::Given::Refused) => self.ledger.counts.refused += 1,
                Ok(_) => return Err(wrong(&presented, Wrong::Revived)),
                Err(failure) => {
                    self.ledger.ended.push(presented);
                    return Err(failure.into());
                }
            }
        }
        Ok(())
    }

    /// Presents something that was used up, which ends its grant.
    fn what_was_used_up(&mut self, life: &mut Life<'_>) -> Result<(), Stop> {
        if self.ledger.grants.is_empty() {
            return Ok(());
        }
        let mut held = self.any_grant(life);
        let at = life.random.below(held.spent.len() as u64) as usize;
        let presented: Presented = held.spent.swap_remove(at);
        let repeats = life.repeats(&presented);
        match life.ask(&presented) {
            Ok(given) => match self.ledger.keep(&presented, given, repeats) {
                // Within the grace, the one before the last gives the last one again.
                Ok(Some(token)) if token == held.token => self.ledger.grants.push(held),
                Ok(Some(_)) => return Err(wrong(&presented, Wrong::SpentTwice)),
                Ok(None) => {
                    self.ledger.counts.refused += 1;
                    self.ledger.ended.push(Presented::Refresh(held.token));
                }
                Err(found) => return Err(wrong(&presented, found)),
            },
            // Nobody knows whether the grant has ended.
            Err(Failure::Cut(_)) => return Err(Stop::Cut),
            Err(failure) => return Err(failure.into()),
        }
        Ok(())
    }
}
