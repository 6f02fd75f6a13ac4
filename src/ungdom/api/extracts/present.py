"""The catalogue of extracts, downloads, jobs and schedules as schemas."""

from ungdom import texts
from ungdom.api.extracts.schemas import ExtractOut, FileOut, JobOut, PullOut, PurposeOut, ScheduleOut
from ungdom.extracts import dictionary
from ungdom.extracts.catalogue import EXTRACTS, Extract
from ungdom.extracts.download_log import DownloadRecord
from ungdom.extracts.jobs import ExtractJob, ExtractSchedule
from ungdom.extracts.purposes import Purpose


def job_out(job: ExtractJob) -> JobOut:
    names = ("extract", "purpose", "known_at", "valid_at", "subject", "created_at", "status", "attempts")
    more = ("cases_done", "cases", "finished_at", "reason", "manifest")
    values = {name: getattr(job, name) for name in (*names, *more)}
    files = [FileOut(**file) for file in job.manifest["files"]] if job.manifest else []
    return JobOut(id=job.job_id, format=job.form, schedule=job.schedule_id, files=files, **values)


def schedule_out(schedule: ExtractSchedule) -> ScheduleOut:
    names = ("extract", "purpose", "every", "subject", "created_at", "next_on")
    return ScheduleOut(
        id=schedule.schedule_id, format=schedule.form, **{name: getattr(schedule, name) for name in names}
    )


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
    return PurposeOut(
        name=purpose.name,
        ordered_by=purpose.ordered_by,
        basis=purpose.basis,
        until=purpose.until,
        dates=purpose.dates,
        without=sorted(purpose.without),
    )


def pull_out(pull: DownloadRecord) -> PullOut:
    """A pull as the log has it."""
    return PullOut(
        id=pull.pull_id,
        at=pull.at,
        subject=pull.subject,
        role=pull.role,
        extract=pull.extract,
        purpose=pull.purpose,
        format=pull.form,
        order=pull.parameters["order"],
        job=pull.job_id,
        file=pull.file,
        status=pull.status,
        finished_at=pull.finished_at,
        rows=pull.rows,
        bytes=pull.bytes,
        sha256=pull.sha256,
    )
