"""The items of the scales in the words in which a patient is asked, in the order of their answers."""

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
        "Feeling bad about yourself",
        "Trouble concentrating",
        "Moving or speaking slowly, or being restless",
        "Thoughts that you would be better off dead, or of hurting yourself",
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
    # 3 to 5 are asked after a yes to 2 (`scales.suicide_risk`).
    Scale.CSSRS: (
        "Have you wished to be dead, or to go to sleep and not wake up?",
        "Have you had thoughts of killing yourself?",
        "Have you thought about how you might do it?",
        "Have you had some intention of acting on these thoughts?",
        "Have you worked out the details of how, and do you intend to carry it out?",
        "Have you ever done, begun or prepared anything to end your life?",
        "Was that within the last three months?",
    ),
}
