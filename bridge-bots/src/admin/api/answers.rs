//! What many operations may answer when they do not do what they were asked, for the API's document.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema as _};

use crate::admin::failure::Told;

/// Of everything that needs somebody signed in, at a host that works.
pub(super) struct Always;

/// Of what changes something: another site's call is refused.
pub(super) struct Changes;

/// Of what has a path or a query that may not be readable.
pub(super) struct Reads;

/// Of what has a body.
pub(super) struct ReadsBody;

/// Of what is about one thing that may not be there.
pub(super) struct Finds;

/// Of what may not be possible as things are.
pub(super) struct Conflicts;

/// Of what may be asked too often.
pub(super) struct Counts;

type Answers = BTreeMap<String, RefOr<Response>>;

impl IntoResponses for Always {
    fn responses() -> Answers {
        answers(&[
            ("401", "Nobody is signed in, or not any more."),
            ("500", "It was tried and did not work; the sentence says what to do."),
            ("503", "The program does not work yet, or stands by for another process."),
        ])
    }
}

impl IntoResponses for Changes {
    fn responses() -> Answers {
        answers(&[("403", "The call comes from a page of another site.")])
    }
}

impl IntoResponses for Reads {
    fn responses() -> Answers {
        answers(&[("400", "Something of what was sent is wrong; `problems` names it. Nothing was changed.")])
    }
}

impl IntoResponses for ReadsBody {
    fn responses() -> Answers {
        let mut all = Reads::responses();
        all.extend(answers(&[
            ("413", "The body is too long."),
            ("415", "The body is not called `application/json`."),
        ]));
        all
    }
}

impl IntoResponses for Finds {
    fn responses() -> Answers {
        answers(&[("404", "There is no such thing.")])
    }
}

impl IntoResponses for Conflicts {
    fn responses() -> Answers {
        answers(&[(
            "409",
            "It cannot be done as things are: what the config file declares is changed there.",
        )])
    }
}

impl IntoResponses for Counts {
    fn responses() -> Answers {
        answers(&[(
            "429",
            "That was tried too often; the header `Retry-After` says how many seconds to wait.",
        )])
    }
}

fn answers(all: &[(&str, &str)]) -> Answers {
    let content = || ContentBuilder::new().schema(Some(Ref::from_schema_name(Told::name()))).build();
    let answer =
        |about: &str| ResponseBuilder::new().description(about).content("application/json", content());
    all.iter().map(|(status, about)| ((*status).to_owned(), answer(about).build().into())).collect()
}
