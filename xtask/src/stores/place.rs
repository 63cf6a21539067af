//! Where a store is for one run, on servers that start when they are first needed.

use std::path::{Path, PathBuf};

use super::postgres::Postgres;
use super::redis;
use crate::process::Process;

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
    Postgres,
    Redis,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Memory, Self::Sqlite, Self::Postgres, Self::Redis];
    /// Those that are there for the next process.
    pub(crate) const DURABLE: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Redis];

    /// As it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }

    /// Of these kinds the one of this name.
    pub(crate) fn named(name: &str, of: &[Self]) -> Result<Self, String> {
        let names: Vec<_> = of.iter().map(|kind| kind.name()).collect();
        let found = of.iter().copied().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("no store {name:?}; one of {}", names.join(", ")))
    }
}

/// A new and empty store.
pub(crate) struct Place {
    pub(crate) kind: Kind,
    /// What `store.url` says of it.
    pub(crate) url: String,
    /// The file it is in, where it is in one.
    pub(crate) file: Option<PathBuf>,
}

/// The servers; they end when dropped.
pub(crate) struct Servers {
    files: PathBuf,
    postgres: Option<Postgres>,
    redis: Option<(Process, String)>,
    places: usize,
}

impl Servers {
    /// No server yet. What they keep is in `files`.
    pub(crate) fn new(files: &Path) -> Self {
        Self { files: files.to_owned(), postgres: None, redis: None, places: 0 }
    }

    /// A new and empty store of this kind.
    pub(crate) fn place(&mut self, kind: Kind) -> Result<Place, String> {
        self.places += 1;
        let name = format!("place_{}", self.places);
        let file = (kind == Kind::Sqlite).then(|| self.files.join(format!("{name}.sqlite")));
        let url = match (kind, &file) {
            (Kind::Sqlite, Some(file)) => format!("sqlite:{}", file.display()),
            (Kind::Memory | Kind::Sqlite, _) => "memory:".to_owned(),
            (Kind::Postgres, _) => self.postgres()?.database(&name)?,
            (Kind::Redis, _) => format!("{}?prefix={name}", self.redis()?),
        };
        Ok(Place { kind, url, file })
    }

    /// The URL of the PostgreSQL server.
    pub(super) fn postgres_url(&mut self) -> Result<String, String> {
        Ok(self.postgres()?.url.clone())
    }

    fn postgres(&mut self) -> Result<&Postgres, String> {
        let started = match self.postgres.take() {
            Some(postgres) => postgres,
            None => Postgres::start()?,
        };
        Ok(self.postgres.insert(started))
    }

    /// The URL of the Redis server.
    pub(super) fn redis(&mut self) -> Result<&str, String> {
        let started = match self.redis.take() {
            Some(redis) => redis,
            None => redis::start(&self.files)?,
        };
        Ok(&self.redis.insert(started).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_known_by_its_name_and_an_unknown_one_is_answered_with_all_names() {
        assert_eq!(Kind::named("redis", &Kind::DURABLE), Ok(Kind::Redis));
        let error = Kind::named("memory", &Kind::DURABLE).unwrap_err();
        assert_eq!(error, "no store \"memory\"; one of sqlite, postgres, redis");
    }

    #[test]
    fn each_place_is_another_one() {
        let mut servers = Servers::new(Path::new("files"));
        let urls = [(); 2].map(|()| servers.place(Kind::Sqlite).unwrap().url);
        assert_eq!(urls, ["sqlite:files/place_1.sqlite", "sqlite:files/place_2.sqlite"]);
        assert_eq!(servers.place(Kind::Memory).unwrap().url, "memory:");
    }
}
