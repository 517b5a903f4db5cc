use super::{Engine, Version};

/// A point in an engine's history at which some answer changed.
#[derive(Debug, PartialEq, Eq)]
pub struct EngineChange {
    /// Short name, as in `docker-inheritable-emptied`.
    pub id: &'static str,
    /// Whose it is.
    pub engine: Engine,
    /// The first version that has it.
    pub since: Version,
    /// What changed, in one sentence.
    pub statement: &'static str,
    /// The commit, or the advisory.
    pub source: &'static str,
}

macro_rules! engine_changes {
    ($($name:ident = $id:literal $engine:ident $major:literal.$minor:literal.$patch:literal $statement:literal, $source:literal;)*) => {
        /// The change points by name.
        pub mod points {
            use super::{Engine, EngineChange, Version};
            $(
                #[doc = $statement]
                pub static $name: EngineChange = EngineChange {
                    id: $id,
                    engine: Engine::$engine,
                    since: Version::new($major, $minor, $patch),
                    statement: $statement,
                    source: $source,
                };
            )*
        }

        /// Every change point that the model knows, by engine, oldest first.
        pub static ENGINE_CHANGES: &[&EngineChange] = &[$(&points::$name),*];
    };
}

engine_changes! {
    DOCKER_NON_ROOT_EMPTIED = "docker-non-root-emptied" Docker 18 . 4 . 0
        "Docker hands a user other than root no permitted and effective capabilities.",
        "moby, commit 15ff09395c";
    DOCKER_NON_ROOT_KEPT = "docker-non-root-kept" Docker 25 . 0 . 0
        "Docker hands a user other than root the whole list again, for execve to cut.",
        "moby, commit 3aef732e61, pull request 45511";
}
