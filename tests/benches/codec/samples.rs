//! The events that are written and read: what a platform sends most, with everything in it.

use events_catalog::learning::{CourseEnrollmentCreated, ForumThreadCreated};

pub fn enrollment() -> CourseEnrollmentCreated {
    let json = r#"{
        "enrollment": {
            "user": {
                "id": 1048577,
                "is_active": true,
                "pii": { "username": "ada_lovelace", "email": "ada@example.org", "name": "Ada Lovelace" }
            },
            "course": {
                "course_key": "course-v1:edX+DemoX+Demo_Course_2024",
                "display_name": "Demonstration Course",
                "start": "2024-02-05T05:00:00+00:00",
                "end": "2024-12-31T23:30:00+00:00"
            },
            "mode": "verified",
            "is_active": true,
            "creation_date": "2024-01-17T09:12:45.123456+00:00",
            "created_by": {
                "id": 42,
                "is_active": true,
                "pii": { "username": "staff", "email": "staff@example.org", "name": "" }
            }
        }
    }"#;
    serde_json::from_str(json).expect("the sample is an enrollment")
}

pub fn thread() -> ForumThreadCreated {
    let json = r#"{
        "thread": {
            "body": "I have watched the second video of the week three times, and I still do not see why the sum converges. Could somebody point me to the step that I am missing?",
            "commentable_id": "course",
            "id": "65a7b1c2d3e4f5a6b7c8d9e0",
            "truncated": false,
            "url": "https://learning.example.org/discussions/course/threads/65a7b1c2d3e4f5a6b7c8d9e0",
            "user": {
                "id": 1048577,
                "is_active": true,
                "pii": { "username": "ada_lovelace", "email": "ada@example.org", "name": "Ada Lovelace" }
            },
            "course_id": "course-v1:edX+DemoX+Demo_Course_2024",
            "thread_type": "question",
            "anonymous": false,
            "anonymous_to_peers": false,
            "title": "Why does the sum converge?",
            "title_truncated": false,
            "group_id": 17,
            "team_id": null,
            "category_id": 5,
            "category_name": "Week 2 / Series",
            "discussion": null,
            "user_course_roles": ["student", "beta_testers"],
            "user_forums_roles": ["Student"],
            "options": { "followed": true, "notify": false }
        }
    }"#;
    serde_json::from_str(json).expect("the sample is a thread")
}
