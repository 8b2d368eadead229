//! The events of courses. Source: `openedx_events.content_authoring.signals` of openedx-events 11.2.

use events_core::event;

use super::data::{CertificateConfigData, CourseCatalogData, CourseData};

/// Emitted when a course was made.
#[event(type = "org.openedx.content_authoring.course.created.v1")]
pub struct CourseCreated {
    /// The new course run.
    pub course: CourseData,
}

/// Emitted when something of a course changed in Studio that catalogs show.
#[event(type = "org.openedx.content_authoring.course.catalog_info.changed.v1", key = catalog_info.course_key)]
pub struct CourseCatalogInfoChanged {
    /// What a catalog shows of the course run now.
    pub catalog_info: CourseCatalogData,
}

/// Emitted when the import of a course is done.
///
/// The key is the course run: upstream's annotation names `catalog_info.course_key`, which is not a field.
#[event(type = "org.openedx.content_authoring.course.import.completed.v1", key = course.course_key)]
pub struct CourseImportCompleted {
    /// The course run that was imported.
    pub course: CourseData,
}

/// Emitted when a new run of a course is ready.
///
/// The key is the course run: upstream's annotation names `catalog_info.course_key`, which is not a field.
#[event(type = "org.openedx.content_authoring.course.rerun.completed.v1", key = course.course_key)]
pub struct CourseRerunCompleted {
    /// The new course run.
    pub course: CourseData,
}

/// Emitted when the configuration of a course's certificates changed in Studio.
///
/// No service of the platform sends it at present; what becomes of it is discussed at
/// <https://github.com/openedx/openedx-events/issues/445>. The Python package cannot serialize it.
#[event(type = "org.openedx.content_authoring.course.certificate_config.changed.v1")]
pub struct CourseCertificateConfigChanged {
    /// The configuration as it is now.
    pub certificate_config: CertificateConfigData,
}

/// Emitted when the configuration of a course's certificates was deleted in Studio.
///
/// No service of the platform sends it at present; what becomes of it is discussed at
/// <https://github.com/openedx/openedx-events/issues/445>. The Python package cannot serialize it.
#[event(type = "org.openedx.content_authoring.course.certificate_config.deleted.v1")]
pub struct CourseCertificateConfigDeleted {
    /// The configuration that is gone.
    pub certificate_config: CertificateConfigData,
}
