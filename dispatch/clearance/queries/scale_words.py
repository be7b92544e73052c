"""The items of the scales as a form shows them, in the order of their answers."""

from collections.abc import Mapping

from dispatch.clearance.model import Scale

# PHQ-9 and GAD-7 are free to use (Pfizer's notice); the C-SSRS screener is paraphrased.
SCALE_ITEMS: Mapping[Scale, tuple[str, ...]] = {
    Scale.PHQ9: (
        "Little interest or pleasure in doing things",
        "Feeling down, depressed or hopeless",
        "Trouble falling or staying asleep, or sleeping too much",
        "Feeling tired or having little energy",
        "Poor appetite or overeating",
        "Feeling bad about oneself",
        "Trouble concentrating",
        "Moving or speaking slowly, or being restless",
        "Thoughts of being better off dead, or of hurting oneself",
    ),
    Scale.GAD7: (
        "Feeling nervous, anxious or on edge",
        "Not being able to stop or control worrying",
        "Worrying too much about different things",
        "Trouble relaxing",
        "Being so restless that it is hard to sit still",
        "Becoming easily annoyed or irritable",
        "Feeling afraid, as if something awful might happen",
    ),
    Scale.CSSRS: (
        "Wished to be dead, or to go to sleep and not wake up",
        "Thoughts of killing oneself",
        "Thought about how (ask after a yes to 2)",
        "Some intention of acting on it (ask after a yes to 2)",
        "Details worked out, and an intention to carry it out (ask after a yes to 2)",
        "Ever did, began or prepared anything to end one's life",
        "Was that within the last three months",
    ),
}
