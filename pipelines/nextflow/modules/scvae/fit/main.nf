process SCVAE_FIT {
    tag "$meta.id"
    label 'process_medium'
    label 'process_gpu'

    conda "${moduleDir}/environment.yml"
    container "docker.io/scvae/scvae:0.1.0"

    input:
    tuple val(meta), path(h5ad), val(batch_col)
    val categorical_covariates
    val continuous_covariates
    val n_hidden
    val n_layers
    val n_latent
    val dispersion
    val gene_likelihood
    val max_epochs

    output:
    tuple val(meta), path("${prefix}.h5ad")             , emit: h5ad
    tuple val(meta), path("${prefix}.model")            , emit: model
    tuple val(meta), path("X_${prefix}.parquet")        , emit: obsm
    tuple val(meta), path("${prefix}_metrics.json")     , emit: metrics
    tuple val(meta), path("${prefix}_report.html")      , emit: report
    tuple val(meta), path("${prefix}_scvae_mqc.json")   , emit: multiqc
    tuple val("${task.process}"), val('scvae'), eval('scvae --version'), emit: versions_scvae, topic: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    def device = task.accelerator ? 'auto' : 'cpu'
    def options = [
        batch_col ? "--batch-key '${batch_col}'" : '',
        (categorical_covariates ?: []).collect { name -> "--categorical-covariate '${name}'" }.join(' '),
        (continuous_covariates ?: []).collect { name -> "--continuous-covariate '${name}'" }.join(' '),
        n_hidden ? "--n-hidden ${n_hidden}" : '',
        n_layers ? "--n-layers ${n_layers}" : '',
        n_latent ? "--n-latent ${n_latent}" : '',
        dispersion ? "--dispersion ${dispersion}" : '',
        gene_likelihood ? "--likelihood ${gene_likelihood}" : '',
        max_epochs ? "--max-epochs ${max_epochs}" : '',
    ].findAll().join(' ')
    if ("${h5ad}" == "${prefix}.h5ad") error "Input and output names are the same, set prefix in module configuration to disambiguate!"
    """
    scvae fit ${h5ad} \\
        --output ${prefix} \\
        --obsm-key X_emb \\
        --parquet \\
        --multiqc \\
        --overwrite \\
        --quiet \\
        --device ${device} \\
        --threads ${task.cpus} \\
        ${options} \\
        ${args}

    mv ${prefix}_latent.parquet X_${prefix}.parquet
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    touch ${prefix}.h5ad X_${prefix}.parquet ${prefix}_metrics.json ${prefix}_report.html ${prefix}_scvae_mqc.json
    mkdir ${prefix}.model
    touch ${prefix}.model/config.json
    """
}
