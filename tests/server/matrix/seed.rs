//! What makes the cases: a generator that repeats itself for the same seed.

/// A generator (xorshift64*): good enough to spread cases, and the same on every machine.
pub struct Seed(u64);

impl Seed {
    /// The seed of `MCP_AUTH_SEED`, or a new one. Printed, so that a run can be repeated.
    pub fn of_this_run(what: &str) -> Self {
        let given = std::env::var("MCP_AUTH_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let mut bytes = [0; 8];
            aws_lc_rs::rand::fill(&mut bytes).expect("randomness");
            u64::from_le_bytes(bytes)
        });
        println!("{what}: MCP_AUTH_SEED={seed}");
        Self(seed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % end
    }

    /// One of these.
    pub fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// True once in `often` times.
    pub fn once_in(&mut self, often: usize) -> bool {
        self.below(often) == 0
    }
}
