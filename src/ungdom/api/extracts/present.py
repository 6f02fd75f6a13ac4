"""The catalogue of extracts, downloads, jobs and schedules as schemas."""

from datetime import datetime

from ungdom import texts
from ungdom.api.extracts.schemas import ExtractOut, FileOut, JobOut, PullOut, PurposeOut, ScheduleOut
from ungdom.api.http.present import from_source
from ungdom.extracts import dictionary
from ungdom.extracts.catalogue import EXTRACTS, Extract
from ungdom.extracts.download_log import DownloadRecord
from ungdom.extracts.errors import ProtectionRaised
from ungdom.extracts.jobs import ExtractJob, ExtractSchedule, JobStatus
from ungdom.extracts.purposes import Purpose


def job_out(job: ExtractJob, raised_at: datetime | None = None) -> JobOut:
    """`raised_at`: when the protection of an address was last raised. Files made before are shown as removed."""
    values = {"id": job.job_id, "format": job.form, "schedule": job.schedule_id, "files": []}
    if job.manifest and job.is_outdated(raised_at):
        gone = {"status": JobStatus.REMOVED, "reason": ProtectionRaised.__name__, "manifest": None}
        return from_source(JobOut, job, **values | gone)
    files = [FileOut(**file) for file in job.manifest["files"]] if job.manifest else []
    return from_source(JobOut, job, **values | {"files": files})


def schedule_out(schedule: ExtractSchedule) -> ScheduleOut:
    return from_source(ScheduleOut, schedule, id=schedule.schedule_id, format=schedule.form)


def extracts_out(language: texts.Language) -> list[ExtractOut]:
    """The catalogue."""
    return [_extract_out(extract, language) for extract in EXTRACTS]


def _extract_out(extract: Extract, language: texts.Language) -> ExtractOut:
    return ExtractOut(
        name=extract.name,
        title=dictionary.title(language, extract),
        definition=extract.version,
        row=extract.unit,
        columns=len(extract.columns),
        released=extract.released,
        table_schema=dictionary.whole_schema(extract),
    )


def purpose_out(purpose: Purpose) -> PurposeOut:
    """A purpose, without who may take it out."""
    return from_source(PurposeOut, purpose, without=sorted(purpose.without))


def pull_out(pull: DownloadRecord) -> PullOut:
    """A pull as the log has it."""
    return from_source(
        PullOut, pull, id=pull.pull_id, format=pull.form, order=pull.parameters["order"], job=pull.job_id
    )
