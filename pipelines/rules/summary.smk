# What all fits come to.


rule sweep:
    input:
        expand(f"{OUT}/fits/{{{{project}}}}/{{{{project}}}}_{{run}}_metrics.json", run=RUNS),
        expand(f"{OUT}/fits/{{{{project}}}}/{{{{project}}}}_{{run}}_evaluate.json", run=RUNS),
    output:
        table=f"{OUT}/sweeps/{{project}}.tsv",
        plot=report(
            f"{OUT}/sweeps/{{project}}.svg",
            category="Sweeps",
            labels={"project": "{project}"},
            caption="../captions/sweep.rst",
        ),
    log:
        f"{OUT}/logs/sweep/{{project}}.log",
    benchmark:
        f"{OUT}/benchmarks/sweep/{{project}}.tsv"
    params:
        runs=RUNS,
        swept=SWEPT,
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    run:
        write_sweep(OUT, wildcards.project, params.runs, params.swept)


rule summary:
    input:
        samples=f"{OUT}/samples.tsv",
        metrics=of_all(f"{OUT}/fits/{{project}}/{{project}}_{{run}}_metrics.json", RUNS),
        pages=of_all(f"{OUT}/fits/{{project}}/{{project}}_{{run}}_report.html", RUNS),
        designs=of_all(f"{OUT}/fits/{{project}}/{{project}}_{{run}}_design.json", FINAL),
        integration=of_all(f"{OUT}/fits/{{project}}/{{project}}_{{run}}_evaluate.json", RUNS),
        de=of_all(f"{OUT}/fits/{{project}}/{{project}}_{{run}}_de.csv", FINAL),
        outliers=of_all(f"{OUT}/fits/{{project}}/{{project}}_{{run}}_outliers.tsv", FINAL),
        sweeps=of_all(f"{OUT}/sweeps/{{project}}.svg", [""]) if SWEEP else [],
    output:
        table=f"{OUT}/summary.tsv",
        page=report(f"{OUT}/summary.html", category="Summary", caption="../captions/summary.rst"),
    log:
        f"{OUT}/logs/summary.log",
    benchmark:
        f"{OUT}/benchmarks/summary.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    run:
        write_summary(OUT, fitted_projects(), RUNS, FINAL)


rule multiqc:
    input:
        fits=of_all(f"{OUT}/fits/{{project}}/{{project}}_{{run}}_scvae_mqc.json", RUNS),
        versions=of_all(f"{OUT}/fits/{{project}}/{{project}}_{{run}}_mqc_versions.yml", RUNS),
        integration=of_all(f"{OUT}/fits/{{project}}/{{project}}_{{run}}_evaluate.json", RUNS),
    output:
        page=report(f"{OUT}/multiqc.html", category="Summary", caption="../captions/multiqc.rst"),
        data=directory(f"{OUT}/multiqc_data"),
    log:
        f"{OUT}/logs/multiqc.log",
    benchmark:
        f"{OUT}/benchmarks/multiqc.tsv"
    params:
        folder=subpath(output.page, parent=True),
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    conda:
        "../envs/multiqc.yaml"
    shell:
        # a fit whose integration could not be judged has no such table
        """
        judged=()
        for found in {input.integration:q}; do
            table="${{found%.json}}_mqc.json"
            if [ -e "$table" ]; then judged+=("$table"); fi
        done
        multiqc --force --filename multiqc.html --outdir {params.folder:q} {input.fits:q} {input.versions:q} "${{judged[@]}}" > {log:q} 2>&1
        """
