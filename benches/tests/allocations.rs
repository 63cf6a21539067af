//! How often the way of an allowed call allocates: a figure that does not depend on the machine.
#![allow(clippy::unwrap_used)]

use mcp_auth_bench::deployment::{Deployment, SCOPES};
use mcp_auth_runtime::facade::{Identity, Named, Verdict};

#[global_allocator]
static COUNTED: dhat::Alloc = dhat::Alloc;

/// What `work` gives, and how often it allocated.
fn counted<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = dhat::HeapStats::get().total_blocks;
    let done = work();
    (done, dhat::HeapStats::get().total_blocks - before)
}

/// One test, since what is counted is the whole process's.
#[test]
fn an_allowed_call_allocates_its_permit_and_the_list_of_what_it_names() {
    let _counting = dhat::Profiler::builder().testing().build();
    let Deployment { registry, policy } = Deployment::new();
    let call = Deployment::call();
    let decide = |who: &Identity| {
        let (named, naming) = counted(|| Named::of(&call, &registry, |_| None));
        let (verdict, deciding) = counted(|| policy.decide(&named, who));
        (verdict, naming, deciding)
    };
    let everything: Vec<usize> = (0..SCOPES).collect();
    for scopes in [&[99, 0][..], &[0], &everything] {
        let who = Deployment::caller(scopes, &["editor", "staff"]);
        let (verdict, naming, deciding) = decide(&who);
        assert!(matches!(verdict, Verdict::Allowed(_)), "{scopes:?}");
        assert_eq!((naming, deciding), (1, 1), "{scopes:?}");
    }
    // What is refused has its scopes to name.
    let (verdict, _, deciding) = decide(&Deployment::caller(&[10], &["editor", "staff"]));
    assert!(matches!(verdict, Verdict::Denied(_)) && deciding > 1);
}
