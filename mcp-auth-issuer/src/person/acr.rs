//! By what a login elsewhere counts (`acr`), where it is known what the other side can do.

use mcp_auth_core::Acr;

/// The `acr` of a login that was by `reached`, of a request that asks for `asked`. Who logged in by more than the application asks for has
/// done what it asks for, and the token says that, since resources compare these values byte for byte. It never says more than was reached,
/// and what is not in `can_reach`, which names the strongest first, is no order's and stays as it is.
pub(super) fn counts_as(reached: Option<String>, asked: Option<&str>, can_reach: &[Acr]) -> Option<String> {
    let reached = reached?;
    let is_asked = |acr: &&Acr| asked.is_some_and(|asked| asked.split(' ').any(|one| one == acr.as_str()));
    // One that the operator named twice is where it stands first, so that nobody reaches it by less.
    let place = |of: &str| can_reach.iter().position(|acr| acr.as_str() == of);
    let reached_at = place(&reached).unwrap_or(usize::MAX);
    let named = can_reach.iter().filter(is_asked).find(|acr| place(acr.as_str()) >= Some(reached_at));
    let named = named.map(|acr| acr.as_str().to_owned());
    Some(named.unwrap_or(reached))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_counts_as_the_strongest_that_is_asked_for_and_that_it_reached_and_never_as_more() {
        let can_reach: Vec<Acr> = ["gold", "silver", "bronze"].map(|acr| acr.parse().unwrap()).into();
        for (reached, asked, counts) in [
            ("gold", None, "gold"),
            ("gold", Some("gold silver"), "gold"),
            ("gold", Some("bronze silver"), "silver"),
            ("silver", Some("gold bronze"), "bronze"),
            ("bronze", Some("gold silver"), "bronze"),
            ("silver", Some("gold"), "silver"),
            ("silver", Some("platinum"), "silver"),
            ("platinum", Some("gold"), "platinum"),
            ("GOLD", Some("silver"), "GOLD"),
            ("", Some("silver"), ""),
        ] {
            let said = counts_as(Some(reached.to_owned()), asked, &can_reach);
            assert_eq!(said.as_deref(), Some(counts), "{reached} {asked:?}");
        }
        assert_eq!(counts_as(None, Some("gold"), &can_reach), None);
        let twice: Vec<Acr> = ["gold", "silver", "gold"].map(|acr| acr.parse().unwrap()).into();
        assert_eq!(counts_as(Some("silver".to_owned()), Some("gold"), &twice).as_deref(), Some("silver"));
        assert_eq!(counts_as(Some("gold".to_owned()), Some("silver"), &[]).as_deref(), Some("gold"));
    }
}
