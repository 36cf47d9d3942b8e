# SPDX-License-Identifier: Apache-2.0
"""Plots: axes, labels and data, with the Agg backend; and the error without matplotlib."""
import builtins

import matplotlib

matplotlib.use("Agg")
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from matplotlib import pyplot  # noqa: E402

import ems  # noqa: E402


@pytest.fixture(scope="module")
def site():
    with ems.SimulatedSite(start_hour=11) as site:
        site.set_fault("silence", "battery", lasts_s=60, in_s=120)
        site.run(300)
        yield site


@pytest.fixture(autouse=True)
def no_figure_stays():
    yield
    pyplot.close("all")


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}


def test_a_day(site):
    power, soc = ems.plot.day(site)
    assert power.get_title() == "SIMULATED: a day of the site"
    assert power.get_ylabel() == "power / kW" and soc.get_ylabel() == "state of charge / %" and soc.get_xlabel() == "simulated time"
    drawn = lines(power)
    assert list(drawn) == ["load", "PV", "battery (+ discharges)", "grid (+ import)"]
    column = site.column("site site_pv_power_w")
    np.testing.assert_array_equal(drawn["PV"].get_ydata(), column.value / 1000)
    np.testing.assert_array_equal(drawn["PV"].get_xdata(), column.time)
    (charge,) = soc.get_lines()
    values = np.asarray(charge.get_ydata())
    assert np.isnan(values).any(), "the minute of silence is a gap"
    np.testing.assert_array_equal(values, site.column("battery/1 soc_pct").value)
    assert soc.get_ylim() == (0, 100)


def test_a_day_on_axes_of_ones_own(site):
    _, axes = pyplot.subplots(2, 1)
    assert ems.plot.day(site, axes=axes) == list(axes)
    assert len(pyplot.get_fignums()) == 1


def test_cells(site):
    ax = ems.plot.cells(site)
    assert len(ax.get_lines()) == 16 and ax.get_ylabel() == "cell voltage / V"
    assert ax.get_title() == "SIMULATED: 16 cells of battery/1"
    last = {n: site.column(f"battery/1 cell_voltages_v {n}").value[-1] for n in range(1, 17)}
    assert set(lines(ax)) == {
        f"cell {min(last, key=last.get)}, lowest at the end", f"cell {max(last, key=last.get)}, highest at the end"}
    np.testing.assert_array_equal(ax.get_lines()[2].get_ydata(), site.column("battery/1 cell_voltages_v 3").value)
    with pytest.raises(ValueError, match="battery/2"):
        ems.plot.cells(site, battery=2)


def test_a_decision_explained():
    step = ems.Decision(ems.ImportLimit(1000), ems.SelfConsumption()).step((-4000, 3000), 0, pcc_power_w=2500, battery_power_w=0)
    ax = ems.plot.decision(step)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["safety", "grid_code", "contractual", "economic", "longevity"]
    first = ax.patches[0]
    assert (first.get_x(), first.get_width()) == (-4.0, 7.0)
    third = ax.patches[2]
    assert (third.get_x(), third.get_x() + third.get_width()) == (1.5, 3.0)
    assert [text.get_text() for text in ax.texts][2] == "import_limit .. safety"
    (target,) = [line for label, line in lines(ax).items() if label.startswith("target")]
    assert target.get_xdata()[0] == step.target_w / 1000 == 2.45 and target.get_label() == "target 2.45 kW"
    assert ax.get_title() == "winner: self_consumption"
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "safety is on top"


def test_a_decision_of_a_simulated_site_says_so(site):
    assert ems.plot.decision(site.decision).get_title() == f"SIMULATED: winner: {site.decision.winner}"


@pytest.mark.parametrize("call", [lambda s: ems.plot.day(s), lambda s: ems.plot.cells(s), lambda s: ems.plot.decision(s.decision)])
def test_without_matplotlib_the_error_names_the_package(site, monkeypatch, call):
    real = builtins.__import__

    def none_of_it(name, *arguments, **more):
        if name.split(".")[0] == "matplotlib":
            raise ImportError("no module named matplotlib")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", none_of_it)
    with pytest.raises(ImportError, match="python3-matplotlib"):
        call(site)
