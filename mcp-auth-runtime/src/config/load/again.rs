//! Reading the files of a running server again.

use super::config::Config;
use super::layers::shown;
use crate::config::error::ConfigError;

impl Config {
    /// What stands in its files now; `None` where it came from none, or one cannot be read now.
    pub(crate) fn texts(&self) -> Option<Vec<String>> {
        let files = [Some(self.file.as_deref()?), self.profile.as_deref()];
        let read = |path| self.process.files.read(path).ok().map(|file| file.text);
        files.into_iter().flatten().map(read).collect()
    }

    /// The configuration that its files, with these texts, and its environment make.
    ///
    /// # Errors
    /// As [`Config::from_args`].
    pub(crate) fn again(&self, texts: &[String]) -> Result<Self, ConfigError> {
        let mut builder = Self::builder().process((*self.process).clone()).base_dir(&self.base_dir);
        for (path, text) in self.file.iter().chain(&self.profile).zip(texts) {
            builder = builder.file(&shown(path, &self.process.current_dir), text);
        }
        builder.environment().build()
    }
}
