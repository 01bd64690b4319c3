//! Mounts a scenario as one test per world it holds in.
use crate::{Place, Result, World};

/// Runs a scenario in one place and looks over the world afterwards. Where the place is not to be had on this machine
/// it says so and does nothing.
///
/// # Panics
/// When the scenario fails, or when the bridge left something behind that it must not (see [`World::finish`]).
pub async fn run(name: &str, place: Place, scenario: impl AsyncFnOnce(&mut World) -> Result<()>) {
    if place.is_available_or_skip(name) {
        tell(name, World::prepare(place).await, scenario).await;
    }
}

/// Like [`run`], with a homeserver that no other scenario uses: it may be stopped, and takes registrations.
pub async fn run_alone(name: &str, place: Place, scenario: impl AsyncFnOnce(&mut World) -> Result<()>) {
    if place.is_available_or_skip(name) {
        tell(name, World::prepare_alone(place).await, scenario).await;
    }
}

async fn tell(name: &str, world: Result<World>, scenario: impl AsyncFnOnce(&mut World) -> Result<()>) {
    let mut world = world.unwrap_or_else(|error| panic!("no world for {name}: {error:#}"));
    let told = scenario(&mut world).await;
    told.unwrap_or_else(|error| panic!("{name}: {error:#}"));
    let left = world.finish().await;
    left.unwrap_or_else(|error| panic!("{name}, afterwards: {error:#}"));
}

/// `scenario!(name in worlds)` makes one test per world from `async fn name(&mut World) -> Result<()>`.
///
/// Worlds: `everywhere` for what the bridge is there for; `each_homeserver` for what a database server adds nothing to on
/// a real homeserver; `fakes` for what needs ordered faults of the homeserver; `database_servers` for what only they do; `two`
/// for what several processes on one of them do; `one` for what the homeserver and the database have no part in;
/// `continuwuity` for what is about that family.
#[macro_export]
macro_rules! scenario {
    ($name:ident in everywhere) => {
        $crate::scenario!(@tests $name: fake_synapse_sqlite, fake_synapse_postgres, fake_continuwuity_sqlite,
            fake_continuwuity_postgres, synapse_sqlite, synapse_postgres);
    };
    ($name:ident in each_homeserver) => {
        $crate::scenario!(@tests $name: fake_synapse_sqlite, fake_continuwuity_sqlite, fake_continuwuity_postgres,
            synapse_sqlite);
    };
    ($name:ident in fakes) => {
        $crate::scenario!(@tests $name: fake_synapse_sqlite, fake_continuwuity_sqlite, fake_continuwuity_postgres);
    };
    ($name:ident in one) => {
        $crate::scenario!(@tests $name: fake_synapse_sqlite);
    };
    ($name:ident in database_servers) => {
        $crate::scenario!(@tests $name: fake_synapse_postgres, fake_continuwuity_postgres);
    };
    ($name:ident in continuwuity) => {
        $crate::scenario!(@tests $name: fake_continuwuity_sqlite, fake_continuwuity_postgres);
    };
    ($name:ident in two) => {
        $crate::scenario!(@tests $name: fake_synapse_postgres, fake_continuwuity_postgres);
    };
    (@tests $name:ident: $($place:ident),+) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $place() {
                    let name = concat!(stringify!($name), " in ", stringify!($place));
                    $crate::run(name, $crate::Place::$place(), super::$name).await;
                }
            )+
        }
    };
}
