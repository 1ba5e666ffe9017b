#!/bin/bash
# Train a model with REST: environment, data, code, a command job and a sweep.
set -eo pipefail

# <create_variables>
SUBSCRIPTION_ID=${SUBSCRIPTION_ID:-$(az account show --query id -o tsv)}
RESOURCE_GROUP=${RESOURCE_GROUP:-$(az group show --query name -o tsv)}
WORKSPACE=${WORKSPACE:-$(az configure -l --query "[?name=='workspace'].value" -o tsv)}
COMPUTE_NAME=${COMPUTE_NAME:-cpu-cluster}
# </create_variables>

API_VERSION="2021-03-01-preview"
TOKEN=${TOKEN:-$(az account get-access-token --query accessToken -o tsv)}
ENDPOINT=${ENDPOINT:-https://management.azure.com}
RUN=${RUN:-$RANDOM}

wait_for_completion () {
    local job_status="unknown"
    while [[ $job_status != "Completed" && $job_status != "Failed" && $job_status != "null" ]]
    do
        job_status=$(curl -sS --location --request GET "$ENDPOINT/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP/providers/Microsoft.MachineLearningServices/workspaces/$WORKSPACE/jobs/$1?api-version=$API_VERSION" \
        --header "Authorization: Bearer $TOKEN" | jq -r '.properties' | jq -r '.status')
        sleep ${PAUSE:-5}
    done
    echo "$1: $job_status"
    [[ $job_status == "Completed" ]]
}

# <get_storage_details>
response=$(curl -sS --location --request GET "$ENDPOINT/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP/providers/Microsoft.MachineLearningServices/workspaces/$WORKSPACE/datastores?api-version=$API_VERSION&isDefault=true" \
--header "Authorization: Bearer $TOKEN")
DATASTORE_ID=$(echo "$response" | jq -r '.value[0].id')
CONTAINER=$(echo "$response" | jq -r '.value[0].properties.contents.containerName')
ACCOUNT=$(echo "$response" | jq -r '.value[0].properties.contents.accountName')
echo "uploads go to $ACCOUNT/$CONTAINER"
# </get_storage_details>

CONDA=$(printf 'name: x\nchannels:\n  - conda-forge\n' | jq -Rs .)

# <create_environment>
curl -sS --fail-with-body --location --request PUT "$ENDPOINT/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP/providers/Microsoft.MachineLearningServices/workspaces/$WORKSPACE/environments/lightgbm-environment/versions/$RUN?api-version=$API_VERSION" \
--header "Authorization: Bearer $TOKEN" \
--header "Content-Type: application/json" \
--data-raw "{
    \"properties\": {
        \"condaFile\": $CONDA,
        \"docker\": {
            \"dockerSpecificationType\": \"Image\",
            \"dockerImageUri\": \"mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04:20210301.v1\"
        }
    }
}"
# </create_environment>

# <create_data>
curl -sS --fail-with-body --location --request PUT "$ENDPOINT/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP/providers/Microsoft.MachineLearningServices/workspaces/$WORKSPACE/data/iris-data/versions/$RUN?api-version=$API_VERSION" \
--header "Authorization: Bearer $TOKEN" \
--header "Content-Type: application/json" \
--data-raw "{
    \"properties\": {
        \"description\": \"Iris dataset\",
        \"datasetType\": \"Simple\",
        \"path\": \"https://azuremlexamples.blob.core.windows.net/datasets/iris.csv\"
    }
}"
# </create_data>

# <create_code>
curl -sS --fail-with-body --location --request PUT "$ENDPOINT/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP/providers/Microsoft.MachineLearningServices/workspaces/$WORKSPACE/codes/train-lightgbm/versions/$RUN?api-version=$API_VERSION" \
--header "Authorization: Bearer $TOKEN" \
--header "Content-Type: application/json" \
--data-raw "{
    \"properties\": {
        \"description\": \"Train code\",
        \"datastoreId\": \"$DATASTORE_ID\",
        \"path\": \"src\"
    }
}"
# </create_code>

WS_ID="/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP/providers/Microsoft.MachineLearningServices/workspaces/$WORKSPACE"

# <create_job>
run_id=train-$RUN
curl -sS --fail-with-body --location --request PUT "$ENDPOINT/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP/providers/Microsoft.MachineLearningServices/workspaces/$WORKSPACE/jobs/$run_id?api-version=$API_VERSION" \
--header "Authorization: Bearer $TOKEN" \
--header "Content-Type: application/json" \
--data-raw "{
    \"properties\": {
        \"jobType\": \"Command\",
        \"codeId\": \"$WS_ID/codes/train-lightgbm/versions/$RUN\",
        \"command\": \"python main.py --iris-csv \$AZURE_ML_INPUT_iris\",
        \"environmentId\": \"$WS_ID/environments/lightgbm-environment/versions/$RUN\",
        \"inputDataBindings\": {
            \"iris\": {
                \"dataId\": \"$WS_ID/data/iris-data/versions/$RUN\"
            }
        },
        \"experimentName\": \"lightgbm-iris\",
        \"compute\": {
            \"target\": \"$WS_ID/computes/$COMPUTE_NAME\",
            \"instanceCount\": 1
        }
    }
}"
# </create_job>
wait_for_completion $run_id

# <create_a_sweep_job>
run_id=sweep-$RUN
curl -sS --fail-with-body --location --request PUT "$ENDPOINT/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP/providers/Microsoft.MachineLearningServices/workspaces/$WORKSPACE/jobs/$run_id?api-version=$API_VERSION" \
--header "Authorization: Bearer $TOKEN" \
--header "Content-Type: application/json" \
--data-raw "{
    \"properties\": {
        \"jobType\": \"Sweep\",
        \"algorithm\": \"Random\",
        \"maxTotalTrials\": 4,
        \"maxConcurrentTrials\": 2,
        \"timeout\": \"PT120M\",
        \"objective\": {
            \"goal\": \"Minimize\",
            \"primaryMetric\": \"test-multi_logloss\"
        },
        \"searchSpace\": {
            \"learning_rate\": [\"uniform\", [0.01, 0.9]]
        },
        \"trial\": {
            \"codeId\": \"$WS_ID/codes/train-lightgbm/versions/$RUN\",
            \"command\": \"python main.py --iris-csv \$AZURE_ML_INPUT_iris --learning_rate \${{search_space.learning_rate}}\",
            \"environmentId\": \"$WS_ID/environments/lightgbm-environment/versions/$RUN\",
            \"inputDataBindings\": {
                \"iris\": {
                    \"dataId\": \"$WS_ID/data/iris-data/versions/$RUN\"
                }
            }
        },
        \"experimentName\": \"lightgbm-iris-sweep\",
        \"compute\": {
            \"target\": \"$WS_ID/computes/$COMPUTE_NAME\",
            \"instanceCount\": 1
        }
    }
}"
# </create_a_sweep_job>
wait_for_completion $run_id
